//! What a restart is about: the manifest's names, and the two states that it leads between.

use super::proof::Proof;
use super::side::{SceneError, Side};
use super::surge::{SurgePlan, SurgePod};
use crate::file::FileState;
use crate::generation::Record;
use crate::node::Node;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The kubelet reads at most 10 MiB of a manifest, and no policy is larger.
const READ_LIMIT: u64 = 10 << 20;

/// The manifest and its two dot-names. The kubelet ignores names with a leading dot, in the listing and in the watch
/// (`pkg/kubelet/config/file_linux.go`), and all three lie in one directory, so that every change is one rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Where the kubelet reads it.
    pub live: PathBuf,
    /// Where the new one waits.
    pub new: PathBuf,
    /// Where the old one waits.
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

/// A restart from one state to another.
#[derive(Debug)]
pub struct Scene {
    /// The names.
    pub names: Names,
    /// What runs before.
    pub before: Side,
    /// What shall run.
    pub after: Side,
    /// Who serves meanwhile.
    pub surge: Option<SurgePlan>,
}

impl Scene {
    /// The scene of a record that changes the manifest `live`, or nothing of one that does not.
    ///
    /// # Errors
    /// A manifest of the record is none of an API server that listens somewhere; a file cannot be read.
    pub fn of(node: &Node, record: &Record, live: &Path) -> Result<Option<Self>, SceneError> {
        let Some(entry) = record.file(live) else { return Ok(None) };
        let (Some(before), Some(after)) = (&entry.before, &entry.after) else { return Ok(None) };
        let mut before = Side::of(node, &before.bytes)?;
        let mut after = Side::of(node, &after.bytes)?;
        // The way back ends with a healthy API server; what its audit log gets is as it was.
        before.proof = Proof::Off;
        after.proof = after.find_proof(node, &|path| as_planned(node, record, path))?;
        Ok(Some(Self { names: Names::of(live), before, after, surge: None }))
    }

    /// The same restart as a surge: `pod`, which listens on `port`, serves meanwhile.
    ///
    /// # Errors
    /// The pod is none that can be asked; a file cannot be read.
    pub fn with_surge(
        self,
        node: &Node,
        record: &Record,
        pod: &SurgePod,
        port: u16,
    ) -> Result<Self, SceneError> {
        let then = |path: &Path| as_planned(node, record, path);
        let plan = SurgePlan::of(node, pod, port, &self.before, &self.names.live, &then)?;
        Ok(Self { surge: Some(plan), ..self })
    }
}

/// A file of the host as it will be.
fn as_planned(node: &Node, record: &Record, path: &Path) -> Result<Option<FileState>> {
    match record.file(path) {
        Some(file) => Ok(file.after.clone()),
        None => node.read_file(path, READ_LIMIT),
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
