//! Reads everything from the node that a plan needs, before any decision.

use crate::diagnostic::Diagnostic;
use crate::file::FileState;
use crate::generation;
use crate::kubelet::{self, ConfigFile, Kubelet, Sources, Surroundings};
use crate::manifest::{Manager, Neighbour};
use crate::node::{EntryKind, Node};
use crate::plan::{Observed, ReadSet};
use crate::transaction::{JOURNAL_PATH, Underway};
use crate::yaml::{Document, MAX_BYTES};
use anyhow::{Result, anyhow};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// [`MAX_BYTES`] as a limit for reading files.
pub const MANIFEST_LIMIT: u64 = MAX_BYTES as u64;
/// Where kubeadm puts the kubelet's configuration.
const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.yaml";
/// kubeadm's `staticPodPath`.
const DEFAULT_MANIFESTS: &str = "/etc/kubernetes/manifests";
const DEFAULT_NAME: &str = "kube-apiserver.yaml";

/// Why the node could not be read: refused, or failed.
#[derive(Debug)]
pub enum Obstacle {
    /// kaudit does not edit this node.
    Refused(Vec<Diagnostic>),
    /// Something could not be read.
    Failed(anyhow::Error),
}

impl Obstacle {
    /// The reasons.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Obstacle::Refused(refusals) => refusals,
            Obstacle::Failed(error) => vec![Diagnostic::error(format!("{error:#}"))],
        }
    }

    /// The first reason.
    #[must_use]
    pub fn first(self) -> Diagnostic {
        let first = self.into_diagnostics().into_iter().next();
        first.unwrap_or_else(|| Diagnostic::error("the node cannot be used"))
    }
}

impl From<Diagnostic> for Obstacle {
    fn from(refusal: Diagnostic) -> Self {
        Obstacle::Refused(vec![refusal])
    }
}

impl From<Vec<Diagnostic>> for Obstacle {
    fn from(refusals: Vec<Diagnostic>) -> Self {
        Obstacle::Refused(refusals)
    }
}

impl From<anyhow::Error> for Obstacle {
    fn from(error: anyhow::Error) -> Self {
        Obstacle::Failed(error)
    }
}

/// The kubelet that runs on a live node.
///
/// # Errors
/// No kubelet runs, or several do, or its configuration files cannot be read.
pub fn find_kubelet(node: &Node) -> Result<Kubelet, Obstacle> {
    let processes = node.processes();
    let process = kubelet::only_one(processes.kubelets()?)?;
    let directory = processes.working_directory(&process)?.ok_or_else(|| {
        Diagnostic::error("the kubelet exited during the check").help("run the command again")
    })?;
    let sources = Sources::of(&process, &directory);
    let surroundings = Surroundings { directory, host_name: processes.host_name()? };
    let config = match &sources.config {
        Some(path) => Some(read_config(node, path)?),
        None => None,
    };
    let mut drop_ins = Vec::new();
    if let Some(path) = &sources.drop_ins {
        read_drop_ins(node, path, &mut drop_ins)?;
    }
    Ok(Kubelet::of(process, &surroundings, config.as_ref(), &drop_ins)?)
}

fn read_config(node: &Node, path: &Path) -> Result<ConfigFile, Obstacle> {
    let file = node.read_file(path, MANIFEST_LIMIT)?.ok_or_else(|| {
        Diagnostic::error("the kubelet's configuration file does not exist any more")
            .in_file(path.display().to_string())
            .help("restore it: kaudit reads the directory of static pods from it")
    })?;
    let text = String::from_utf8_lossy(&file.bytes).into_owned();
    Ok(ConfigFile { path: path.to_path_buf(), text })
}

/// The files below `directory` that end in `.conf`, in the order in which the kubelet merges them: by name, directories
/// included (Go's `filepath.WalkDir`).
fn read_drop_ins(node: &Node, directory: &Path, found: &mut Vec<ConfigFile>) -> Result<(), Obstacle> {
    for entry in node.list(directory)? {
        let path = directory.join(&entry.name);
        if entry.kind == EntryKind::Directory {
            read_drop_ins(node, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "conf") {
            found.push(read_config(node, &path)?);
        }
    }
    Ok(())
}

/// The path of the API server's manifest: the one from the command line, or the one in the running kubelet's static pod
/// directory, or without a kubelet, as in a directory tree, the one in the directory from kubeadm's kubelet configuration.
///
/// # Errors
/// The running kubelet reads its static pods from another directory, from a single file, or not at all; a configuration
/// file cannot be read.
pub fn manifest_path(
    node: &Node,
    asked: Option<&Path>,
    kubelet: Option<&Kubelet>,
) -> Result<PathBuf, Obstacle> {
    let manifests = match kubelet {
        Some(kubelet) => Some(manifests_of(node, kubelet)?),
        None => None,
    };
    if let Some(path) = asked {
        if !path.is_absolute() {
            return Err(Diagnostic::error(format!("--manifest {} is not an absolute path", path.display()))
                .help("use the path on the node, such as /etc/kubernetes/manifests/kube-apiserver.yaml; with --root it is relative to that directory")
                .into());
        }
        if let (Some(manifests), Some(directory)) = (&manifests, path.parent())
            && !node.is_same_place(directory, manifests)?
        {
            return Err(kubelet::refuse_elsewhere(path, manifests).into());
        }
        return Ok(path.to_path_buf());
    }
    if let Some(manifests) = manifests {
        return Ok(manifests.join(DEFAULT_NAME));
    }
    let directory = match node.read_file(Path::new(KUBELET_CONFIG), MANIFEST_LIMIT)? {
        Some(config) => static_pod_path(&config),
        None => None,
    };
    Ok(directory.unwrap_or_else(|| PathBuf::from(DEFAULT_MANIFESTS)).join(DEFAULT_NAME))
}

/// The directory that the kubelet reads static pods from.
fn manifests_of(node: &Node, kubelet: &Kubelet) -> Result<PathBuf, Obstacle> {
    let manifests = kubelet.manifests()?;
    if node.target_kind(manifests)? == EntryKind::File {
        return Err(kubelet::refuse_single_file(manifests).into());
    }
    Ok(manifests.to_path_buf())
}

/// `staticPodPath` of a KubeletConfiguration.
fn static_pod_path(config: &FileState) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(&config.bytes);
    let document = Document::read(&text).ok()?;
    let path = document.value().get("staticPodPath")?.as_str()?;
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// Reads manifest, neighbours and history.
///
/// # Errors
/// The manifest does not exist, is not a regular file, or is too large.
pub fn observe(node: &Node, manifest_path: &Path) -> Result<Observed, Obstacle> {
    let shown = manifest_path.display().to_string();
    match node.kind(manifest_path)? {
        EntryKind::File => {}
        EntryKind::Absent => return Err(missing_manifest(node, manifest_path)?.into()),
        EntryKind::Link(target) => {
            return Err(Diagnostic::error(format!("the manifest is a symbolic link to {}", target.display()))
                .in_file(shown)
                .help("the kubelet follows the link, but does not watch its target, and kaudit would replace the link")
                .help(format!("replace the link by the file: cp --remove-destination {} {}", target.display(), manifest_path.display()))
                .into());
        }
        EntryKind::Directory | EntryKind::Other => {
            return Err(Diagnostic::error("the manifest is not a regular file").in_file(shown).into());
        }
    }
    let manifest = node
        .read_file(manifest_path, MANIFEST_LIMIT)?
        .ok_or_else(|| anyhow!("{shown} was removed during the check"))?;
    if exceeds(&manifest, MANIFEST_LIMIT) {
        return Err(Diagnostic::error("the manifest is larger than 10 MiB, the kubelet's limit")
            .in_file(shown)
            .into());
    }
    let directory = manifest_path.parent().unwrap_or(Path::new("/"));
    Ok(Observed {
        manifest_path: manifest_path.to_path_buf(),
        manifest,
        neighbours: neighbours(node, directory, manifest_path)?,
        files: BTreeMap::new(),
        directories: BTreeMap::new(),
        history: generation::load(node)?,
        is_live: false,
        log_bytes_available: None,
        may_change_owner: Node::may_change_owner(),
    })
}

/// Reads the files and directories of a read set.
///
/// # Errors
/// A file exists and cannot be read.
pub fn look(node: &Node, observed: &mut Observed, read_set: &ReadSet) -> Result<(), Obstacle> {
    for path in &read_set.directories {
        observed.directories.insert(path.clone(), node.directory_metadata(path)?);
    }
    for path in &read_set.files {
        let state = match node.target_kind(path)? {
            EntryKind::Directory => {
                return Err(Diagnostic::error(format!("{} is a directory, but the API server needs a file", path.display()))
                    .help("container runtimes create such a directory when a hostPath without type does not exist; remove it if it is empty")
                    .into());
            }
            _ => node.read_file(path, MANIFEST_LIMIT)?,
        };
        if state.as_ref().is_some_and(|state| exceeds(state, MANIFEST_LIMIT)) {
            return Err(Diagnostic::error("the file is larger than 10 MiB")
                .in_file(path.display().to_string())
                .into());
        }
        observed.files.insert(path.clone(), state);
    }
    Ok(())
}

fn exceeds(file: &FileState, limit: u64) -> bool {
    u64::try_from(file.bytes.len()).is_ok_and(|len| len > limit)
}

/// The other regular files in the manifest's directory, which the kubelet reads as well.
fn neighbours(node: &Node, directory: &Path, manifest_path: &Path) -> Result<Vec<Neighbour>> {
    let mut found = Vec::new();
    for entry in node.list(directory)? {
        let path = directory.join(&entry.name);
        if entry.name.starts_with('.') || path == manifest_path {
            continue;
        }
        let is_file = match entry.kind {
            EntryKind::File => true,
            EntryKind::Link(_) => node.target_kind(&path)? == EntryKind::File,
            EntryKind::Absent | EntryKind::Directory | EntryKind::Other => false,
        };
        let state = if is_file { node.read_file(&path, MANIFEST_LIMIT)? } else { None };
        found.extend(state.map(|state| Neighbour { name: entry.name, bytes: state.bytes }));
    }
    Ok(found)
}

/// The refusal for a missing manifest: another manager's node, another file name, or not a control-plane node.
fn missing_manifest(node: &Node, manifest_path: &Path) -> Result<Diagnostic> {
    let shown = manifest_path.display().to_string();
    if let Some(underway) = Underway::of(node)? {
        let progress = underway.progress();
        let refusal = Diagnostic::error(format!(
            "the manifest {shown} does not exist: a kaudit run was interrupted or is in progress"
        ));
        return Ok(refusal.in_file(JOURNAL_PATH).help(progress).help(underway.advice()));
    }
    for manager in Manager::ALL {
        for mark in manager.paths() {
            if node.kind(Path::new(mark))? != EntryKind::Absent {
                return Ok(Diagnostic::error(format!(
                    "the manifest {shown} does not exist: this node is managed by {}",
                    manager.name()
                ))
                .evidence(format!("{mark} exists"))
                .help(manager.right_place()));
            }
        }
    }
    let directory = manifest_path.parent().unwrap_or(Path::new("/"));
    let refusal = Diagnostic::error(format!("the manifest {shown} does not exist"));
    let names: Vec<String> = node.list(directory)?.into_iter().map(|entry| entry.name).collect();
    Ok(if names.is_empty() {
        refusal
            .help("run kaudit on a control-plane node whose API server is a static pod")
            .help("select the manifest with --manifest FILE, or the node's directory tree with --root DIR")
    } else {
        refusal
            .help(format!("files in {}: {}", directory.display(), names.join(", ")))
            .help("select the right one with --manifest FILE")
    })
}
