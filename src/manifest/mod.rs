//! The static pod manifest of the API server: its validation, its flags and mounts, and other tools that manage it.
//!
//! Everything here is pure: bytes in, values or diagnostics out.

mod launch;
mod mounts;
mod neighbours;
mod owner;
mod pod;
mod validate;

pub use launch::{ApiServer, Argument, FlagList};
pub use mounts::{Coverage, Mount, MountSource, normalise};
pub use neighbours::{Neighbour, find_duplicates};
pub use owner::Manager;
pub use validate::check_pod;

use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Document, Path};
use k8s_openapi::api::core::v1::{Container, Pod};
use std::path::Path as FilePath;

/// The annotation with the digest of policy and webhook kubeconfig: it gives the pod a new uid when only the policy
/// changes, and lets `status` compare the running configuration with the files.
pub const DIGEST_ANNOTATION: &str = "kaudit.dev/config-sha256";

/// As [`Manifest::refuse_managed`], for bytes that may be invalid; `None` where they are not a Pod.
#[must_use]
pub fn refuse_managed(bytes: &[u8], path: &FilePath) -> Option<Diagnostic> {
    let document = Document::read(yaml::decode(bytes).ok()?).ok()?;
    owner::refuse_managed(&pod::decode(&document).ok()?, path)
}

/// A valid manifest: one document, one Pod, one container that runs kube-apiserver.
#[derive(Debug, Clone)]
pub struct Manifest {
    document: Document,
    pod: Pod,
    api_server: ApiServer,
}

impl Manifest {
    /// Reads the bytes of a manifest as the kubelet would, and refuses what kaudit cannot edit safely.
    ///
    /// # Errors
    /// A refusal with reason, position and what to do; the file's name is the caller's to add.
    pub fn read(bytes: &[u8]) -> Result<Self, Diagnostic> {
        let text = yaml::decode(bytes)?;
        pod::check_json(text)?;
        Self::of(Document::parse(text)?)
    }

    /// The manifest in a parsed document.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn of(document: Document) -> Result<Self, Diagnostic> {
        let pod = pod::decode(&document)?;
        let api_server = launch::find(&document, &pod)?;
        Ok(Self { document, pod, api_server })
    }

    /// The refusal for a manifest that another manager owns, by its marks and by its path.
    #[must_use]
    pub fn refuse_managed(&self, path: &FilePath) -> Option<Diagnostic> {
        owner::refuse_managed(&self.pod, path)
    }

    /// The text and its tree.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The Pod as the kubelet decodes it.
    #[must_use]
    pub fn pod(&self) -> &Pod {
        &self.pod
    }

    /// The container that runs kube-apiserver, and its flags.
    #[must_use]
    pub fn api_server(&self) -> &ApiServer {
        &self.api_server
    }

    /// That container as the kubelet decodes it.
    #[must_use]
    pub fn container(&self) -> Option<&Container> {
        self.pod.spec.as_ref()?.containers.get(self.api_server.container)
    }

    /// The path of that container in the document.
    #[must_use]
    pub fn container_path(&self) -> Path {
        Path::root().key("spec").key("containers").index(self.api_server.container)
    }

    /// The mounts of that container.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        mounts::of(&self.pod, self.api_server.container)
    }

    /// The user that the API server runs as, if the manifest sets one.
    #[must_use]
    pub fn run_as_user(&self) -> Option<i64> {
        let of_container = self.container().and_then(|c| c.security_context.as_ref()?.run_as_user);
        let of_pod = self.pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref()?.run_as_user);
        of_container.or(of_pod)
    }

    /// The group that belongs to [`Manifest::run_as_user`].
    #[must_use]
    pub fn run_as_group(&self) -> Option<i64> {
        let of_container = self.container().and_then(|c| c.security_context.as_ref()?.run_as_group);
        let of_pod = self.pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref()?.run_as_group);
        of_container.or(of_pod)
    }

    /// The value of a pod annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.pod.metadata.annotations.as_ref()?.get(name).map(String::as_str)
    }
}
