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
    /// The kubelet, or why there is none.
    pub(super) kubelet: Result<KubeletSeen, String>,
    /// Its API servers, oldest first. There is one, except during a restart.
    pub(super) api_servers: Vec<ApiServer>,
    /// Whether the newest of them is ready.
    pub(super) readiness: Option<Readiness>,
    /// When the policy file was last modified.
    pub(super) policy_changed: Option<Timestamp>,
    /// When the webhook kubeconfig was last modified.
    pub(super) webhook_changed: Option<Timestamp>,
    /// The log, if it exists.
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
    /// The path of its executable, in its own mount namespace.
    pub(super) executable: Option<PathBuf>,
    /// Whether its flags turn audit logging on.
    pub(super) is_audited: bool,
    /// How it differs from the API server of the manifest.
    pub(super) difference: Option<String>,
}

/// The audit log.
#[derive(Debug)]
pub(super) struct Log {
    /// Its size.
    pub(super) bytes: u64,
    /// When it was last written.
    pub(super) modified: Timestamp,
    /// Its recent activity.
    pub(super) activity: Activity,
    /// How many rotated files there are.
    pub(super) rotated_files: usize,
    /// Their total size.
    pub(super) rotated_bytes: u64,
}

/// A time to the second.
pub(super) fn shown(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}
