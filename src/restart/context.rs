//! What a restart needs to know: the manifest's paths, and its revisions before and after.

use super::revision::Revision;
use super::surge::{SurgePlan, SurgePod};
use crate::file::FileState;
use crate::generation::Record;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The manifest and two hidden files beside it. The kubelet ignores names with a leading dot, in the listing and in the
/// watch (`pkg/kubelet/config/file_linux.go`). All three are in one directory, so that every change is one rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Where the kubelet reads it.
    pub live: PathBuf,
    /// Where the new one is staged.
    pub new: PathBuf,
    /// Where the old one is kept.
    pub old: PathBuf,
}

impl Names {
    /// The names beside a manifest.
    #[must_use]
    pub fn of(live: &Path) -> Self {
        let name = live.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = |suffix: &str| live.with_file_name(format!(".{name}.kaudit-{suffix}"));
        Self { live: live.to_path_buf(), new: beside("new"), old: beside("old") }
    }
}

/// A restart from one revision of the manifest to another.
#[derive(Debug)]
pub struct RestartContext {
    /// The names.
    pub names: Names,
    /// What runs before the restart.
    pub before: Revision,
    /// What runs after it.
    pub after: Revision,
    /// The pod that serves meanwhile.
    pub surge: Option<SurgePlan>,
}

impl RestartContext {
    /// The context for a record that changes the manifest `live`; `None` for one that does not.
    ///
    /// # Errors
    /// A manifest of the record has no valid address to listen on; a file cannot be read.
    pub fn of(node: &Node, record: &Record, live: &Path) -> Result<Option<Self>, Obstacle> {
        let Some(entry) = record.file(live) else { return Ok(None) };
        let (Some(before), Some(after)) = (&entry.before, &entry.after) else { return Ok(None) };
        Self::new(node, record, live, Manifest::read(&before.bytes)?, Manifest::read(&after.bytes)?).map(Some)
    }

    /// The context for a record that changes the manifest `live` from `before` to `after`.
    ///
    /// # Errors
    /// As [`RestartContext::of`].
    pub fn new(
        node: &Node,
        record: &Record,
        live: &Path,
        before: Manifest,
        after: Manifest,
    ) -> Result<Self, Obstacle> {
        // A rollback ends with a healthy API server; its audit log is not verified.
        let before = Revision::of(node, before)?;
        let mut after = Revision::of(node, after)?;
        after.proof = after.find_proof(node, &|path| as_planned(node, record, path))?;
        Ok(Self { names: Names::of(live), before, after, surge: None })
    }

    /// The same restart as a surge: `pod`, which listens on `port`, serves meanwhile.
    ///
    /// # Errors
    /// The pod has no valid address to listen on; a file cannot be read.
    pub fn with_surge(
        self,
        node: &Node,
        record: &Record,
        pod: &SurgePod,
        port: u16,
    ) -> Result<Self, Obstacle> {
        let then = |path: &Path| as_planned(node, record, path);
        let plan = SurgePlan::of(node, pod, port, &self.before, &self.names.live, &then)?;
        Ok(Self { surge: Some(plan), ..self })
    }
}

/// A file of the host as it will be after the change.
fn as_planned(node: &Node, record: &Record, path: &Path) -> Result<Option<FileState>> {
    match record.file(path) {
        Some(file) => Ok(file.after.clone()),
        None => node.read_file(path, MANIFEST_LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_beside_a_manifest_begin_with_a_dot() {
        let names = Names::of(Path::new("/etc/kubernetes/manifests/kube-apiserver.yaml"));
        assert_eq!(names.new, Path::new("/etc/kubernetes/manifests/.kube-apiserver.yaml.kaudit-new"));
        assert_eq!(names.old, Path::new("/etc/kubernetes/manifests/.kube-apiserver.yaml.kaudit-old"));
    }
}
