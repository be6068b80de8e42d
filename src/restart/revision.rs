//! A revision of the manifest, and how to check and verify the API server that runs from it.

use super::endpoint::endpoint;
use super::identity::{Identity, client_certificates};
use super::proof::{Anonymous, Proof};
use crate::audit::argv::lookup;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::manifest::{Coverage, Manifest};
use crate::node::{Ask, ClientIdentity, Endpoint, Node};
use crate::observe::Obstacle;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pod without `terminationGracePeriodSeconds` gets this (`pkg/apis/core/v1/defaults.go`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// A request on the node itself is answered in milliseconds, or its server is not serving.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

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
