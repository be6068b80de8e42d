//! The other files in the manifests directory. The kubelet runs every regular file there without a leading dot, whatever
//! its extension; a backup of the manifest is a second API server, or silently replaces the first one.

use super::pod;
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Document};
use k8s_openapi::api::core::v1::Pod;
use std::path::Path;

/// Another file in the manifests directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Refuses every duplicate of the API server's manifest: the same pod name, a container that runs kube-apiserver, or a
/// similar file name where the content is not a valid pod.
///
/// kubernetes issues 55596, 129364, 136962; kubeadm issue 2823.
#[must_use]
pub fn find_duplicates(
    directory: &Path,
    manifest_name: &str,
    pod: &Pod,
    neighbours: &[Neighbour],
) -> Vec<Diagnostic> {
    neighbours
        .iter()
        .filter(|neighbour| !neighbour.name.starts_with('.') && neighbour.name != manifest_name)
        .filter_map(|neighbour| {
            let why = duplicate_of(manifest_name, pod, neighbour)?;
            let path = directory.join(&neighbour.name);
            Some(
                Diagnostic::error(format!("{} is a duplicate static pod manifest of the API server: {why}", neighbour.name))
                    .in_file(path.display().to_string())
                    .help("the kubelet runs every file in this directory without a leading dot, including .bak and .orig; of two such pods, the last file name in sort order wins")
                    .help(format!("move it out of the directory: mv {} /root/", path.display())),
            )
        })
        .collect()
}

fn duplicate_of(manifest_name: &str, pod: &Pod, neighbour: &Neighbour) -> Option<String> {
    let looks_like_it = || {
        let stem = manifest_name.split('.').next().unwrap_or(manifest_name);
        neighbour
            .name
            .starts_with(stem)
            .then(|| "it has a similar name and is not the manifest of another pod".to_owned())
    };
    let Ok(document) = yaml::decode(&neighbour.bytes).and_then(Document::parse) else {
        return looks_like_it();
    };
    let Ok(other) = pod::decode(&document) else { return looks_like_it() };
    let name = |pod: &Pod| (pod.metadata.namespace.clone(), pod.metadata.name.clone());
    if name(&other) == name(pod) {
        return Some(format!("it has the same pod name, {}", other.metadata.name.unwrap_or_default()));
    }
    let runs_it = super::launch::find(&document, &other).is_ok();
    runs_it.then(|| "it runs kube-apiserver too".to_owned())
}
