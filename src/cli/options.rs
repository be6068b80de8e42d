//! Options of the commands that change a node: confirmation, restart, waiting.

use crate::audit::pflag::parse_duration;
use crate::audit::version::KubernetesVersion;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// The options of `disable` and `restart`.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ChangeOptions {
    /// Whether to ask.
    #[command(flatten)]
    pub(super) consent: Consent,
    /// How to restart.
    #[command(flatten)]
    pub(super) restart: Restart,
}

/// Options of commands that change the node.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Consent {
    /// Do not ask for confirmation; without a terminal kaudit never asks
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// How the API server of a live node is restarted.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Restart {
    /// How to restart the API server
    #[arg(long = "restart", value_name = "METHOD", value_enum, default_value_t = Method::Auto, help_heading = "Restart")]
    pub(super) method: Method,
    /// Continue even if the API server is not healthy before the change
    #[arg(long, help_heading = "Restart")]
    pub(super) allow_unhealthy: bool,
    /// How long to wait.
    #[command(flatten)]
    pub(super) waiting: Waiting,
}

/// How long a restart waits.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Waiting {
    /// Kill the old API server this long after it has stopped listening, such as 2s; requests that are still open, such as
    /// watches, are cut; with --restart=auto this selects move [default: the pod's grace period, 30s with kubeadm]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Restart")]
    pub(super) drain: Option<Duration>,
    /// How long to wait for the API server to become healthy before the change is rolled back
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m", help_heading = "Restart")]
    pub(super) timeout: Duration,
}

/// How the manifest is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// surge if this node allows it, otherwise move
    Auto,
    /// Start a second API server with the new configuration, which takes the connections during the restart: no downtime;
    /// requires memory for it and Linux 5.9, and takes about a minute longer
    Surge,
    /// Move the manifest out, and back in when the kubelet has removed the old pod: the shortest downtime without surge
    Move,
    /// Replace the manifest in place, atomically; the kubelet does the rest, which takes longer
    Rewrite,
    /// Do not restart: for directory trees; refused on a live node, whose kubelet restarts the API server by itself
    None,
}

/// A duration in the syntax of Kubernetes' own flags.
///
/// # Errors
/// It is not a duration, or it is negative.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let nanoseconds = parse_duration(text)?;
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "it is negative".to_owned())
}

/// A version on the command line. An invalid one is a usage error.
///
/// # Errors
/// It is not a version.
pub(super) fn kubernetes_version(text: &str) -> Result<KubernetesVersion, String> {
    KubernetesVersion::parse(text).map_err(|_| "expected a version such as 1.30 or v1.30.3".to_owned())
}
