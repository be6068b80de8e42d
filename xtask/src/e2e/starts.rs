//! A node comes up as kubeadm makes it: the ground that the other cases stand on.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::api_server::ApiServer;
use crate::node::progress::Progress;
use crate::node::wait::wait_for;
use crate::shell::command::capture;
use crate::shell::project::Project;

/// The kubelet makes the mirror pod once it has registered its node.
const MIRROR_LIMIT: Duration = Duration::from_mins(1);

pub(super) fn run(_: &Project, api_server: &ApiServer<'_>, progress: &Progress) -> Result<()> {
    ensure!(api_server.is_ready()?, "the API server is not ready");
    ensure!(!api_server.process()?.audits(), "kubeadm's manifest audits already");

    let node = api_server.node;
    let pod = format!("pod/kube-apiserver-{}", node.name);
    wait_for(&format!("the mirror pod {pod}"), MIRROR_LIMIT, || {
        let mut kubectl = node.command("kubectl");
        let pods = capture(kubectl.args(["--namespace", "kube-system", "get", "pods", "--output", "name"]))?;
        Ok(pods.lines().any(|name| name == pod).then_some(()))
    })?;
    progress.say(&format!("{pod} is there"));
    Ok(())
}
