//! One of the two states that a restart leads between: a manifest, and how its API server is asked and proven.

use super::endpoint::endpoint;
use super::identity::{Identity, client_certificates};
use super::proof::{Anonymous, Proof};
use crate::audit::argv::lookup;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Manifest};
use crate::node::{Ask, ClientIdentity, Endpoint, Node};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pod without `terminationGracePeriodSeconds` gets this (`pkg/apis/core/v1/defaults.go`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// A request on the node itself is answered in milliseconds, or its server is not serving.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// Why there is no scene.
#[derive(Debug)]
pub enum SceneError {
    /// A manifest is not one to restart an API server by.
    Refused(Diagnostic),
    /// Something cannot be read.
    Failed(anyhow::Error),
}

impl From<Diagnostic> for SceneError {
    fn from(refusal: Diagnostic) -> Self {
        SceneError::Refused(refusal)
    }
}

impl From<anyhow::Error> for SceneError {
    fn from(error: anyhow::Error) -> Self {
        SceneError::Failed(error)
    }
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
    /// The state that a manifest leads to, with nothing to prove.
    ///
    /// # Errors
    /// It is not the manifest of an API server that listens somewhere.
    pub fn of(node: &Node, manifest: &[u8]) -> Result<Self, SceneError> {
        let manifest = Manifest::read(manifest)?;
        let arguments = manifest.api_server().arguments();
        let endpoint = endpoint(&arguments, &manifest.mounts())?;
        // Where nobody may ask without a name, one that every node has answers more than "401".
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

    /// Who kaudit can be on this node.
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

/// Who kaudit can be on this node.
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
