//! What a restart needs to know: the manifest's paths, and its revisions before and after.

use super::endpoint::endpoint;
use super::identity::{Identity, client_certificates};
use super::proof::{Anonymous, Proof};
use super::surge::{SurgePlan, SurgePod};
use crate::audit::argv::lookup;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::file::FileState;
use crate::generation::Record;
use crate::manifest::{Coverage, Manifest};
use crate::node::{Ask, ClientIdentity, Endpoint, Node};
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pod without `terminationGracePeriodSeconds` gets this (`pkg/apis/core/v1/defaults.go`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// A request on the node itself is answered in milliseconds, or its server is not serving.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

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

/// A revision of the manifest, and how to check the API server that runs from it.
#[derive(Debug)]
pub struct Revision {
    /// The manifest.
    pub manifest: Manifest,
    /// How to ask whether its API server is ready.
    pub readyz: Ask,
    /// Further requests that must succeed before it counts as healthy.
    pub health: Vec<Ask>,
    /// How to verify its audit log.
    pub proof: Proof,
}

impl Revision {
    /// The revision of a manifest, with nothing to verify.
    ///
    /// # Errors
    /// The manifest has no valid address to listen on; a certificate cannot be read.
    pub fn of(node: &Node, manifest: Manifest) -> Result<Self, Obstacle> {
        let arguments = manifest.api_server().arguments();
        let endpoint = endpoint(&arguments, &manifest.mounts())?;
        // Where anonymous requests are rejected, a client certificate of the node gets more than 401.
        let identity = match Anonymous::of(&arguments) {
            Anonymous::Known | Anonymous::Unknown => None,
            Anonymous::Rejected => identities(node, &manifest)?.into_iter().next().map(|found| found.files),
        };
        let ask = |path: &str| get(&endpoint, identity.clone(), path);
        // /livez and /readyz came with 1.16 (`apiserver/pkg/server/healthz.go`).
        let (readyz, health) = if minor_of(&manifest) >= 16 {
            (ask("/readyz"), vec![ask("/livez")])
        } else {
            (ask("/healthz"), Vec::new())
        };
        Ok(Self { readyz, health, proof: Proof::Off, manifest })
    }

    /// The client certificates of this node that kaudit can use.
    ///
    /// # Errors
    /// A certificate is there and cannot be read.
    pub fn identities(&self, node: &Node) -> Result<Vec<Identity>> {
        identities(node, &self.manifest)
    }

    /// The value of a flag of its API server.
    pub(super) fn flag(&self, name: &str) -> Option<String> {
        lookup(&self.manifest.api_server().arguments(), name)?.value.filter(|value| !value.is_empty())
    }

    /// The host's path of a file that a flag names.
    pub(super) fn host(&self, flag: &str) -> Option<PathBuf> {
        Coverage::of(&self.manifest.mounts(), Path::new(&self.flag(flag)?))?.host
    }

    /// The pod's name in the manifest; the node's name follows it in the cluster.
    #[must_use]
    pub fn pod(&self) -> String {
        self.manifest.pod().metadata.name.clone().unwrap_or_default()
    }

    /// How long the kubelet gives its API server to end.
    #[must_use]
    pub fn grace(&self) -> Duration {
        let seconds =
            self.manifest.pod().spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        seconds.and_then(|seconds| u64::try_from(seconds).ok()).map_or(DEFAULT_GRACE, Duration::from_secs)
    }
}

/// A file of the host as it will be after the change.
fn as_planned(node: &Node, record: &Record, path: &Path) -> Result<Option<FileState>> {
    match record.file(path) {
        Some(file) => Ok(file.after.clone()),
        None => node.read_file(path, MANIFEST_LIMIT),
    }
}

pub(super) fn get(endpoint: &Endpoint, identity: Option<ClientIdentity>, path: &str) -> Ask {
    Ask {
        endpoint: endpoint.clone(),
        from: None,
        identity,
        method: "GET",
        path: path.to_owned(),
        body: None,
        audit_id: None,
        timeout: ASK_TIMEOUT,
    }
}

/// The client certificates of this node that kaudit can use.
pub(super) fn identities(node: &Node, manifest: &Manifest) -> Result<Vec<Identity>> {
    let arguments = manifest.api_server().arguments();
    let mut found = Vec::new();
    for files in client_certificates(&arguments, &manifest.mounts()) {
        let certificate = node.read_certificate(&files.certificate)?;
        found.extend(certificate.and_then(|certificate| Identity::of(files, &certificate)));
    }
    Ok(found)
}

pub(super) fn minor_of(manifest: &Manifest) -> u16 {
    let version = KubernetesVersion::from_image(&manifest.api_server().image);
    version.map_or(NEWEST_KNOWN_MINOR, |version| version.minor)
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
