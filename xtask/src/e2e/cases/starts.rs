//! A node starts with kubeadm's manifests: the precondition of all other cases.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::e2e::trial::Trial;
use crate::node::wait::wait_for;
use crate::shell::command::capture;

/// The kubelet makes the mirror pod once it has registered its node.
const MIRROR_LIMIT: Duration = Duration::from_mins(1);

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let Trial { node, api_server, .. } = trial;
    ensure!(api_server.is_ready()?, "the API server is not ready");
    ensure!(!api_server.process()?.audits(), "kubeadm's manifest audits already");

    let pod = format!("pod/kube-apiserver-{}", node.name);
    wait_for(&format!("the mirror pod {pod}"), MIRROR_LIMIT, || {
        let mut kubectl = node.command("kubectl");
        let pods = capture(kubectl.args(["--namespace", "kube-system", "get", "pods", "--output", "name"]))?;
        Ok(pods.lines().any(|name| name == pod).then_some(()))
    })?;
    trial.say(&format!("{pod} is there"));
    Ok(())
}
