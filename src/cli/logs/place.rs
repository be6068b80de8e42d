//! Where this node's log is.

use crate::cli::global::NodeOptions;
use crate::cli::status::Configured;
use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::observe::{Obstacle, observe};
use std::path::PathBuf;

/// The node, and the host's path of the log that its API server writes by the manifest.
///
/// # Errors
/// There is no manifest; audit logging is off, or there is no log on this node.
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
            .help("to read a log from before: kaudit logs PATH"),
        (None, ..) => refuse("the API server sends its events to a webhook, and writes no log".to_owned()),
        (Some("-"), ..) => refuse("the API server writes its events to its standard output".to_owned())
            .help("they are in its container's log: kubectl -n kube-system logs kube-apiserver-NODE"),
        (_, Some("legacy"), _) => {
            refuse("the log is written in the format `legacy`, which is no JSON".to_owned())
                .help("for the events to come: kaudit enable --log-format json")
        }
        (Some(path), _, None) => {
            refuse(format!("the log {path} is in the container alone: no mount of the node covers it"))
                .help("kaudit enable puts it on the node")
        }
        (Some(_), _, Some(log)) => return Ok((target.node, log)),
    };
    Err(refusal.into())
}
