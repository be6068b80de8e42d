//! What was read from the node.

use crate::audit::argv::lookup;
use crate::audit::flag::{POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::file::{FileState, Metadata};
use crate::generation::History;
use crate::manifest::{Coverage, Manifest, Neighbour};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Everything a plan is made from, read before any decision.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The manifest's path on the node.
    pub manifest_path: PathBuf,
    /// The manifest.
    pub manifest: FileState,
    /// The other regular files in its directory.
    pub neighbours: Vec<Neighbour>,
    /// What the read_set asked for.
    pub files: BTreeMap<PathBuf, Option<FileState>>,
    /// Likewise for directories.
    pub directories: BTreeMap<PathBuf, Option<Metadata>>,
    /// What kaudit did here before.
    pub history: History,
    /// Whether this is the node itself and not a directory tree that looks like one.
    pub is_live: bool,
    /// Bytes that the log's file system still takes; `None` where it is not the node's own (`--root`).
    pub log_bytes_available: Option<u64>,
    /// Whether this process may give files to other users (root).
    pub may_change_owner: bool,
}

impl Observed {
    /// A file of the read_set.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&FileState> {
        self.files.get(path)?.as_ref()
    }

    /// A directory of the read_set.
    #[must_use]
    pub fn directory(&self, path: &Path) -> Option<&Metadata> {
        self.directories.get(path)?.as_ref()
    }
}

/// What a plan needs to know of the node beyond the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSet {
    /// Files to read, whole.
    pub files: BTreeSet<PathBuf>,
    /// Directories to look at.
    pub directories: BTreeSet<PathBuf>,
}

impl ReadSet {
    /// What the records name: `disable` and `rollback` put these files back, and the directories that lead there.
    #[must_use]
    pub fn of_history(history: &History) -> Self {
        let mut read_set = Self::default();
        for path in history.paths() {
            read_set.add_file(&path);
        }
        read_set.directories.extend(history.made_directories().into_keys());
        read_set
    }

    /// What the API server of a manifest reads beside it.
    #[must_use]
    pub fn of_inputs(manifest: &Manifest) -> Self {
        let Inputs { policy, webhook } = Inputs::of(manifest);
        let mut read_set = Self::default();
        read_set.files.extend([policy, webhook].into_iter().flatten());
        read_set
    }

    /// Adds a directory and all above it: each that is missing has to be made.
    pub fn add_directory(&mut self, path: &Path) {
        self.directories
            .extend(path.ancestors().filter(|ancestor| *ancestor != Path::new("/")).map(Path::to_path_buf));
    }

    /// Adds a file and the directories that lead to it.
    pub fn add_file(&mut self, path: &Path) {
        self.files.insert(path.to_path_buf());
        if let Some(directory) = path.parent() {
            self.add_directory(directory);
        }
    }
}

/// What an API server reads beside its manifest, as paths of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The policy; `None` where there is none, or where no mount shows the host's.
    pub policy: Option<PathBuf>,
    /// Likewise the webhook kubeconfig.
    pub webhook: Option<PathBuf>,
}

impl Inputs {
    /// Those of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let arguments = manifest.api_server().arguments();
        let host = |flag: &str| {
            let path = lookup(&arguments, flag)?.value.filter(|path| path.starts_with('/'))?;
            Coverage::of(&manifest.mounts(), Path::new(&path))?.host
        };
        Self { policy: host(POLICY_FILE), webhook: host(WEBHOOK_CONFIG_FILE) }
    }
}
