//! What a restart is about: the manifest's names, and the two states that it leads between.

use crate::manifest::Manifest;
use crate::node::Ask;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pod without `terminationGracePeriodSeconds` gets this (`pkg/apis/core/v1/defaults.go`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

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
}

/// One of the two states.
#[derive(Debug)]
pub struct Side {
    /// The manifest.
    pub manifest: Manifest,
    /// How to ask whether its API server is ready.
    pub readyz: Ask,
    /// What else has to answer before it counts as healthy.
    pub health: Vec<Ask>,
    /// How its audit log is proven.
    pub proof: Proof,
}

impl Side {
    /// How long the kubelet gives its API server to end.
    #[must_use]
    pub fn grace(&self) -> Duration {
        let seconds = self.manifest.pod().spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        seconds.and_then(|seconds| u64::try_from(seconds).ok()).map_or(DEFAULT_GRACE, Duration::from_secs)
    }
}

/// How an audit log is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Audit logging is off.
    Off,
    /// It cannot be proven, and why.
    Silent(String),
    /// By a request that the policy logs.
    Event {
        /// Requests to try, the best first; the `Audit-ID` is to be added.
        asks: Vec<Ask>,
        /// The log on the host.
        log: PathBuf,
        /// How long an event may take to its file.
        patience: Duration,
    },
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
