//! Validation rules of the kubelet (`pkg/apis/core/validation`) that an edit of flags, mounts, volumes and environment can
//! break.

use crate::diagnostic::Diagnostic;
use k8s_openapi::api::core::v1::Pod;
use std::collections::BTreeSet;

/// Checks whether the kubelet would reject the pod (`invalid pod: […]` in its log, and no container).
///
/// # Errors
/// The first error.
pub fn check_pod(pod: &Pod) -> Result<(), Diagnostic> {
    let refuse = |reason: String| {
        Err(Diagnostic::error(reason)
            .help("the kubelet would not start this pod, and would report that only in its log"))
    };
    let Some(spec) = pod.spec.as_ref() else { return refuse("the pod has no spec".to_owned()) };
    if pod.metadata.name.as_deref().unwrap_or_default().is_empty() {
        return refuse("metadata.name is missing".to_owned());
    }
    let mut volumes = BTreeSet::new();
    for volume in spec.volumes.iter().flatten() {
        if !volumes.insert(volume.name.as_str()) {
            return refuse(format!("two volumes have the name {}", volume.name));
        }
    }
    let mut names = BTreeSet::new();
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        if !names.insert(container.name.as_str()) {
            return refuse(format!("two containers have the name {}", container.name));
        }
        let mut paths = BTreeSet::new();
        for mount in container.volume_mounts.iter().flatten() {
            if !paths.insert(mount.mount_path.as_str()) {
                return refuse(format!(
                    "container {} has two mounts at {}",
                    container.name, mount.mount_path
                ));
            }
            if !volumes.contains(mount.name.as_str()) {
                return refuse(format!(
                    "container {} mounts the volume {}, which the pod does not declare",
                    container.name, mount.name
                ));
            }
        }
    }
    Ok(())
}
