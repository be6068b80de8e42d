//! The other files in the manifests directory. The kubelet runs every regular file there that has no leading
//! dot, whatever its ending; a backup beside the manifest is a second API server, or silently the only one.

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

/// Refuses every neighbour that is the API server too: the same pod name, a container that runs kube-apiserver,
/// or a name that says so where the content cannot be read as a pod.
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
            let why = twin_of(manifest_name, pod, neighbour)?;
            let path = directory.join(&neighbour.name);
            Some(
                Diagnostic::error(format!("{} is a twin of the API server's manifest: {why}", neighbour.name))
                    .in_file(path.display().to_string())
                    .help("the kubelet runs every file here without a leading dot, .bak and .orig too; with two, the last name in sort order wins at each re-listing")
                    .help(format!("move it away: mv {} /root/", path.display())),
            )
        })
        .collect()
}

fn twin_of(manifest_name: &str, pod: &Pod, neighbour: &Neighbour) -> Option<String> {
    let looks_like_it = || {
        let stem = manifest_name.split('.').next().unwrap_or(manifest_name);
        neighbour
            .name
            .starts_with(stem)
            .then(|| "its name says so, and it cannot be read as another pod".to_owned())
    };
    let Ok(document) = yaml::decode(&neighbour.bytes).and_then(Document::parse) else {
        return looks_like_it();
    };
    let Ok(other) = pod::decode(&document) else { return looks_like_it() };
    let name = |pod: &Pod| (pod.metadata.namespace.clone(), pod.metadata.name.clone());
    if name(&other) == name(pod) {
        return Some(format!("the same pod name, {}", other.metadata.name.unwrap_or_default()));
    }
    let runs_it = super::launch::find(&document, &other).is_ok();
    runs_it.then(|| "it runs kube-apiserver as well".to_owned())
}
