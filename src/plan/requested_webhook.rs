//! A requested webhook kubeconfig and the files that it refers to.

use super::WebhookWanted;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Mount};
use crate::webhook::{Kind, Kubeconfig, Reference};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A requested kubeconfig.
#[derive(Debug)]
pub(super) struct RequestedWebhook {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) kubeconfig: Kubeconfig,
    /// The files that it refers to, as far as the operator has them.
    pub(super) files: BTreeMap<Kind, Vec<u8>>,
}

impl RequestedWebhook {
    /// # Errors
    /// The API server would not start with it.
    pub(super) fn of(wanted: &WebhookWanted) -> Result<Self, Diagnostic> {
        let kubeconfig = Kubeconfig::read(&wanted.bytes)
            .map_err(|refusal| refusal.without_excerpt().in_file(&wanted.name))?;
        Ok(Self {
            name: wanted.name.clone(),
            bytes: wanted.bytes.clone(),
            kubeconfig,
            files: wanted.files.clone(),
        })
    }

    /// The node's files to read: those that it refers to, and kaudit's copies.
    pub(super) fn paths(&self, mounts: &[Mount], kubeconfig: &Path) -> Vec<PathBuf> {
        let references = self.kubeconfig.references();
        let named = references.iter().filter_map(|reference| host_of(reference, mounts));
        named.chain(copies_beside(kubeconfig)).collect()
    }
}

/// kaudit's copies beside a kubeconfig.
pub(super) fn copies_beside(kubeconfig: &Path) -> impl Iterator<Item = PathBuf> {
    Kind::ALL.into_iter().filter_map(Kind::copy_name).map(|name| kubeconfig.with_file_name(name))
}

/// The host's path of a file with an absolute path that the API server sees through a mount.
pub(super) fn host_of(reference: &Reference, mounts: &[Mount]) -> Option<PathBuf> {
    let path = Path::new(&reference.path);
    if path.is_absolute() { Coverage::of(mounts, path)?.host } else { None }
}
