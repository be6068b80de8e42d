//! What is restarted: the manifests before and after, and the pod with its kubelet.

use crate::cli::planned::Planned;
use crate::kubelet::Kubelet;
use crate::manifest::Manifest;
use crate::node::RestartTarget;
use crate::observe::Obstacle;
use anyhow::anyhow;

/// The present and the planned manifest.
pub(super) fn manifests_of(planned: &Planned) -> Result<(&Manifest, &Manifest), Obstacle> {
    let after = planned.plan.manifest.as_ref();
    Ok((
        &planned.manifest,
        after.ok_or_else(|| anyhow!("the plan has no manifest to restart the API server with"))?,
    ))
}

/// The API server's pod and its kubelet.
pub(super) fn subject(kubelet: &Kubelet, manifest: &Manifest) -> RestartTarget {
    let metadata = &manifest.pod().metadata;
    RestartTarget {
        kubelet: kubelet.process.pid,
        kubelet_root: kubelet.root_dir.clone(),
        // A pod without a namespace is the default one's (`pkg/kubelet/config/common.go`, `applyDefaults`).
        namespace: metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        container: manifest.container().map(|container| container.name.clone()).unwrap_or_default(),
    }
}
