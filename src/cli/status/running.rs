//! What runs on a live node.

use super::log::Activity;
use super::ready::Readiness;
use crate::kubelet::Kubelet;
use crate::node::Process;
use jiff::{Timestamp, Unit};
use std::path::PathBuf;

/// What runs on a node.
#[derive(Debug)]
pub(super) struct Running {
    /// The kubelet, or why there is none to go by.
    pub(super) kubelet: Result<KubeletSeen, String>,
    /// Its API servers, oldest first. There is one, but for the moments of a restart.
    pub(super) api_servers: Vec<ApiServer>,
    /// What the youngest of them said when it was asked.
    pub(super) readiness: Option<Readiness>,
    /// When the policy file changed last.
    pub(super) policy_changed: Option<Timestamp>,
    /// Likewise the webhook kubeconfig.
    pub(super) webhook_changed: Option<Timestamp>,
    /// The log; `None`: there is none.
    pub(super) log: Option<Log>,
}

/// The kubelet.
#[derive(Debug)]
pub(super) struct KubeletSeen {
    /// The kubelet.
    pub(super) kubelet: Kubelet,
    /// When it was started.
    pub(super) since: Timestamp,
}

/// A running API server.
#[derive(Debug)]
pub(super) struct ApiServer {
    /// Its process.
    pub(super) process: Process,
    /// When it was started.
    pub(super) since: Timestamp,
    /// The program's file, as it sees it.
    pub(super) executable: Option<PathBuf>,
    /// Whether its flags turn audit logging on.
    pub(super) is_audited: bool,
    /// What tells it from the manifest's API server.
    pub(super) difference: Option<String>,
}

/// The audit log.
#[derive(Debug)]
pub(super) struct Log {
    /// Its size.
    pub(super) bytes: u64,
    /// When it was written to last.
    pub(super) modified: Timestamp,
    /// What its end tells.
    pub(super) activity: Activity,
    /// How many older files of it there are.
    pub(super) rotated_files: usize,
    /// Their size together.
    pub(super) rotated_bytes: u64,
}

/// A time to the second.
pub(super) fn shown(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}
