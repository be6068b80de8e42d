//! kaudit, as a person on the node would run it.

use anyhow::Result;

use super::api_server::ApiServer;
use crate::shell::command::{capture, run as start};
use crate::shell::project::Project;

/// Where the cases let the API server log.
pub(super) const LOG: &str = "/var/log/kubernetes/audit/audit.log";

/// Builds it where the nodes see it.
///
/// # Errors
///
/// When it cannot be built.
pub(super) fn build(project: &Project) -> Result<()> {
    start(project.cargo().args(["build", "--release", "--locked", "--package", "kaudit"]))
}

/// `kaudit enable` on the node's own tree. The kubelet sees the new manifest by itself.
///
/// # Errors
///
/// When it does not succeed.
pub(super) fn enable(api_server: &ApiServer<'_>, policy: &str) -> Result<()> {
    let mut kaudit = api_server.node.command("kaudit");
    kaudit.args(["enable", "--root", "/", "--yes", "--policy", policy, "--log-path", LOG]);
    capture(&mut kaudit).map(drop)
}

/// `kaudit disable` on the node's own tree.
///
/// # Errors
///
/// When it does not succeed.
pub(super) fn disable(api_server: &ApiServer<'_>) -> Result<()> {
    capture(api_server.node.command("kaudit").args(["disable", "--root", "/", "--yes"])).map(drop)
}
