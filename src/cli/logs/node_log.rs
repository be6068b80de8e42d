//! Finds this node's log.

use crate::cli::global::NodeOptions;
use crate::cli::status::Configured;
use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::observe::{Obstacle, observe};
use std::path::PathBuf;

/// The node, and the path on the host of the log that is configured in the manifest.
///
/// # Errors
/// There is no manifest, audit logging is off, or the API server does not log to a file on this node.
pub(super) fn of_node(options: &NodeOptions) -> Result<(Node, PathBuf), Obstacle> {
    let target = Target::of(options)?;
    let observed = observe(&target.node, &target.manifest)?;
    let shown = target.manifest.display().to_string();
    let manifest =
        Manifest::read(&observed.manifest.bytes).map_err(|refusal| refusal.in_file(shown.as_str()))?;
    let configured = Configured::of(observed, manifest);
    let flag = |name: &str| configured.flags.get(name).map(String::as_str);
    let refuse = |reason: String| Diagnostic::error(reason).in_file(shown.as_str());
    let refusal = match (flag("audit-log-path"), flag("audit-log-format"), configured.log.clone()) {
        _ if !configured.is_enabled() => refuse("audit logging is off on this node".to_owned())
            .help("turn it on: kaudit enable --policy default --log-path /var/log/kubernetes/audit/audit.log")
            .help("to read an existing log: kaudit logs PATH"),
        (None, ..) => {
            refuse("the API server sends events only to a webhook and does not write a log".to_owned())
        }
        (Some("-"), ..) => refuse("the API server writes events to its standard output".to_owned())
            .help("read the container's log: kubectl -n kube-system logs kube-apiserver-NODE"),
        (_, Some("legacy"), _) => refuse("the log has the format `legacy`, which is not JSON".to_owned())
            .help("to log further events as JSON: kaudit enable --log-format json"),
        (Some(path), _, None) => {
            refuse(format!("the log {path} exists only in the container: no mount of the host covers it"))
                .help("kaudit enable adds the mount")
        }
        (Some(_), _, Some(log)) => return Ok((target.node, log)),
    };
    Err(refusal.into())
}
