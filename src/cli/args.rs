//! The command line as it is typed. What it means is `intent`'s business.

use super::audit_options::AuditOptions;
use super::collector::CollectorArgs;
use super::help;
use super::logs::LogsArgs;
use super::policy::PolicyArgs;
use super::receive::ReceiveArgs;
use super::webhook::{IgnoreOptions, WebhookArgs, WebhookOptions};
use crate::audit::pflag::parse_duration;
use crate::audit::version::KubernetesVersion;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Turn Kubernetes API audit logging on, change it and turn it off, on control-plane nodes whose kube-apiserver is
/// a static pod.
#[derive(Debug, Parser)]
#[command(name = "kaudit", version, max_term_width = 110, after_help = help::KAUDIT)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(super) global: Global,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// Work on this directory tree instead of the live node: same edit, same files, no restart
    #[arg(long, value_name = "DIR", global = true, help_heading = "Where")]
    pub(super) root: Option<PathBuf>,
    /// The API server's manifest [default: kube-apiserver.yaml in the kubelet's staticPodPath]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Where")]
    pub(super) manifest: Option<PathBuf>,
    /// What to print on standard output: text for people, or one JSON object (kaudit logs: one a line)
    #[arg(long, short, value_enum, default_value_t = Format::Text, global = true, help_heading = "Output")]
    pub(super) output: Format,
    /// Colours: auto is a terminal without NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub(super) color: Color,
    /// Say more: where each setting comes from (enable, diff), why (policy lint, policy explain), which files a generation
    /// has (status)
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) verbose: bool,
    /// Say less: no diff, no remarks, no progress of a restart; warnings and errors stay
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,
}

impl Global {
    /// Whether `demo`, which has a node of its own and tells people about it, can heed all of them.
    pub(super) fn fits_demo(&self) -> bool {
        self.output == Format::Text && self.root.is_none() && self.manifest.is_none()
    }
}

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For people, with more columns (kaudit logs)
    Wide,
    /// Comma-separated values (kaudit logs)
    Csv,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Those about a node.
    #[command(flatten)]
    OnNode(NodeCommand),
    /// Read, follow, filter and count the events of this node's audit log, or of any other
    Logs(Box<LogsArgs>),
    /// Check a policy, ask what it decides, compare two, bring an old one up to date; list and show the presets
    Policy(PolicyArgs),
    /// Check the audit webhook: kubeconfig, certificates, and the receiver itself
    Webhook(WebhookArgs),
    /// Receive events as the webhook that an API server sends to, and print or keep them
    Receive(Box<ReceiveArgs>),
    /// Print the configuration by which a log shipper reads this node's log, and what would be lost
    Collector(CollectorArgs),
    /// Show enable, re-enable, status and disable on a sample node in a temporary directory
    Demo,
}

/// The commands that look for a node's manifest first.
#[derive(Debug, Subcommand)]
pub(super) enum NodeCommand {
    /// Turn audit logging on, or change it; a second run with the same options changes nothing
    #[command(after_help = help::ENABLE)]
    Enable(Enable),
    /// Show what `enable` with the same options would change; exit 1 when something would
    #[command(after_help = help::DIFF)]
    Diff(Settings),
    /// Turn audit logging off: the manifest becomes what it was before kaudit; logs stay
    #[command(after_help = help::DISABLE)]
    Disable(Disable),
    /// Put an earlier generation of the node's files back
    #[command(after_help = help::ROLLBACK)]
    Rollback(Rollback),
    /// Restart the API server safely, nothing else changed; a policy that was edited by hand comes into force
    #[command(after_help = help::RESTART)]
    Restart(Disable),
    /// Finish or undo a run that died; every other command that changes something does so first
    #[command(after_help = help::RECOVER, mut_arg("drain", |drain| drain.help(help::RECOVER_DRAIN)))]
    Recover(Waiting),
    /// Show what is configured, what runs, what kaudit did here, and what drifted
    #[command(after_help = help::STATUS)]
    Status,
}

/// `enable`
#[derive(Debug, Args)]
pub(super) struct Enable {
    /// What is asked.
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Whether to ask.
    #[command(flatten)]
    pub(super) consent: Consent,
    /// How to restart.
    #[command(flatten)]
    pub(super) restart: Restart,
}

/// `disable`, and `restart`, which takes the same options.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Disable {
    /// Whether to ask.
    #[command(flatten)]
    pub(super) consent: Consent,
    /// How to restart.
    #[command(flatten)]
    pub(super) restart: Restart,
}

/// How the API server of a live node is restarted.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Restart {
    /// How the API server is restarted
    #[arg(long = "restart", value_name = "METHOD", value_enum, default_value_t = Method::Auto, help_heading = "Restart")]
    pub(super) method: Method,
    /// Go on although the API server is not healthy before
    #[arg(long, help_heading = "Restart")]
    pub(super) allow_unhealthy: bool,
    /// How long to wait.
    #[command(flatten)]
    pub(super) waiting: Waiting,
}

/// How long a restart waits.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Waiting {
    /// End the old API server this long after it has stopped listening, such as 2s; requests that it still serves, watches
    /// above all, are cut then; with --restart=auto this means move [default: the pod's own grace period, 30s with kubeadm]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Restart")]
    pub(super) drain: Option<Duration>,
    /// How long the API server may take to become healthy, before the change is rolled back
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m", help_heading = "Restart")]
    pub(super) timeout: Duration,
}

/// How the manifest gets into place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// The best that this node allows: surge or move
    Auto,
    /// A second API server with the new configuration takes the connections meanwhile: no outage; it takes memory for it,
    /// Linux 5.9, and a minute more
    Surge,
    /// The manifest goes out, and in again when the kubelet has finished with the old pod: shortest without API server
    Move,
    /// One atomic exchange in place; the kubelet does the rest, and takes longer
    Rewrite,
    /// Nothing is restarted: for directory trees; refused on a live node, whose kubelet restarts by itself
    None,
}

/// A duration as Kubernetes' own flags take it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let nanoseconds = parse_duration(text)?;
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "it is negative".to_owned())
}

/// `rollback`
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The generation to put back; 0 is the node before kaudit [default: the newest that differs from the present one by
    /// more than a restart]
    #[arg(long, value_name = "N")]
    pub(super) to: Option<u64>,
    /// Go back although somebody edited the manifest, or a policy or webhook kubeconfig of kaudit's, since; the edit is
    /// kept in the new generation
    #[arg(long)]
    pub(super) discard_edits: bool,
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
    /// Do not ask; without a terminal there is no question anyway
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What `enable` and `diff` are asked for.
#[derive(Debug, Clone, Args)]
pub(super) struct Settings {
    /// The policy: a preset (default, metadata, write-bodies, all-bodies, stig), a file, or - for standard input
    #[arg(long, value_name = "NAME|FILE|-", conflicts_with = "policy-file", help_heading = "Policy")]
    pub(super) policy: Option<String>,
    /// Judge by this Kubernetes version [default: the image's tag]
    #[arg(long, value_name = "VERSION", value_parser = kubernetes_version, help_heading = "Policy")]
    pub(super) kubernetes_version: Option<KubernetesVersion>,
    /// Refuse a policy of your own in which `kaudit policy lint` finds something
    #[arg(long, help_heading = "Policy")]
    pub(super) strict: bool,
    /// Drop the audit flags that are in the manifest, and the environment entries that kaudit added, unless they are named
    /// here
    #[arg(long)]
    pub(super) reset: bool,
    /// Add an environment entry to the API server's container; may be repeated
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Log agent")]
    pub(super) container_env: Vec<String>,
    /// Add the environment entries by which Alibaba Cloud's Logtail finds the audit log of this cluster
    #[arg(long, value_name = "ID", help_heading = "Log agent")]
    pub(super) logtail_cluster_id: Option<String>,
    /// Drop the webhook that is there: its flags, and the kubeconfig and credentials that kaudit wrote
    #[arg(
        long,
        conflicts_with_all = ["webhook_url", "webhook-config-file"],
        help_heading = "Webhook receiver"
    )]
    pub(super) no_webhook: bool,
    /// Where events are posted to.
    #[command(flatten)]
    pub(super) webhook: WebhookOptions,
    /// What of it may fail.
    #[command(flatten)]
    pub(super) ignore: IgnoreOptions,
    /// One option per audit flag of kube-apiserver.
    #[command(flatten)]
    pub(super) audit: AuditOptions,
}

/// A version as it is typed. What is none is a mistake of the command line, and says nothing about any file.
pub(super) fn kubernetes_version(text: &str) -> Result<KubernetesVersion, String> {
    KubernetesVersion::parse(text).map_err(|_| "give it as 1.30 or v1.30.3".to_owned())
}
