//! `enable` and `disable` on the tree of a live node, where the kubelet restarts the API server by itself.

use anyhow::{Result, ensure};

use crate::e2e::files::manifest;
use crate::e2e::kaudit::{LOG, kaudit};
use crate::e2e::trial::Trial;

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let pristine = manifest(api_server)?;
    let first = api_server.process()?;

    trial.say("kaudit enable");
    let options = ["enable", "--root", "/", "--yes", "--policy", "default", "--log-path", LOG];
    kaudit(api_server, &options)?.expect(0)?;
    let auditing = api_server.wait_for_successor(&first, true)?;
    let has_policy = |argument: &String| argument.starts_with("--audit-policy-file=");
    ensure!(auditing.arguments.iter().any(has_policy), "no --audit-policy-file in {:?}", auditing.arguments);
    api_server.prove_audit(LOG)?;
    trial.say("requests are in the audit log");

    kaudit(api_server, &["disable", "--root", "/", "--yes"])?.expect(0)?;
    ensure!(manifest(api_server)? == pristine, "disable has left another manifest than kubeadm's");
    trial.say("kaudit disable: the manifest has kubeadm's bytes");
    api_server.wait_for_successor(&auditing, false)?;
    ensure!(api_server.path(LOG).is_file(), "disable has removed the log");
    Ok(())
}
