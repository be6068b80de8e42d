//! The state of the node.

use crate::audit::argv::lookup;
use crate::audit::flag::{POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::file::{FileState, Metadata};
use crate::generation::History;
use crate::manifest::{Coverage, Manifest, Neighbour};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Everything that a plan is made from, read before any decision.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The manifest's path on the node.
    pub manifest_path: PathBuf,
    /// The manifest.
    pub manifest: FileState,
    /// The other regular files in its directory.
    pub neighbours: Vec<Neighbour>,
    /// The files of the read set.
    pub files: BTreeMap<PathBuf, Option<FileState>>,
    /// Likewise for directories.
    pub directories: BTreeMap<PathBuf, Option<Metadata>>,
    /// kaudit's earlier changes of this node.
    pub history: History,
    /// Whether this is the node itself and not a directory tree.
    pub is_live: bool,
    /// Free bytes in the log's file system; `None` where it is not the node's own (`--root`).
    pub log_bytes_available: Option<u64>,
    /// Whether this process may give files to other users (root).
    pub may_change_owner: bool,
}

impl Observed {
    /// A file of the read set.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&FileState> {
        self.files.get(path)?.as_ref()
    }

    /// A directory of the read set.
    #[must_use]
    pub fn directory(&self, path: &Path) -> Option<&Metadata> {
        self.directories.get(path)?.as_ref()
    }
}

/// The files and directories that a plan needs in addition to the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSet {
    /// Files to read.
    pub files: BTreeSet<PathBuf>,
    /// Directories whose metadata to read.
    pub directories: BTreeSet<PathBuf>,
}

impl ReadSet {
    /// The files and directories in the records: `disable` and `rollback` restore them.
    #[must_use]
    pub fn of_history(history: &History) -> Self {
        let mut read_set = Self::default();
        for path in history.paths() {
            read_set.add_file(&path);
        }
        read_set.directories.extend(history.made_directories().into_keys());
        read_set
    }

    /// The policy and webhook kubeconfig of a manifest.
    #[must_use]
    pub fn of_inputs(manifest: &Manifest) -> Self {
        let Inputs { policy, webhook } = Inputs::of(manifest);
        let mut read_set = Self::default();
        read_set.files.extend([policy, webhook].into_iter().flatten());
        read_set
    }

    /// Adds a directory and its ancestors: missing ones have to be created.
    pub fn add_directory(&mut self, path: &Path) {
        self.directories
            .extend(path.ancestors().filter(|ancestor| *ancestor != Path::new("/")).map(Path::to_path_buf));
    }

    /// Adds a file and the directories above it.
    pub fn add_file(&mut self, path: &Path) {
        self.files.insert(path.to_path_buf());
        if let Some(directory) = path.parent() {
            self.add_directory(directory);
        }
    }
}

/// The files that an API server reads for audit logging, as paths on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The policy; `None` where there is none, or where it is not on the host.
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
