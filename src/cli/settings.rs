//! The settings of `enable` and `diff`.

use super::audit_options::AuditOptions;
use super::options::kubernetes_version;
use super::webhook::{IgnoreOptions, WebhookOptions};
use crate::audit::version::KubernetesVersion;
use clap::Args;

/// What audit logging should be.
#[derive(Debug, Clone, Args)]
pub(super) struct Settings {
    /// The policy: a preset (default, metadata, write-bodies, all-bodies, stig), a file, or - for standard input
    #[arg(long, value_name = "NAME|FILE|-", conflicts_with = "policy-file", help_heading = "Policy")]
    pub(super) policy: Option<String>,
    /// Check flags and policy for this Kubernetes version [default: the image's tag]
    #[arg(long, value_name = "VERSION", value_parser = kubernetes_version, help_heading = "Policy")]
    pub(super) kubernetes_version: Option<KubernetesVersion>,
    /// Refuse a policy file for which `kaudit policy lint` has findings
    #[arg(long, help_heading = "Policy")]
    pub(super) strict: bool,
    /// Remove the audit flags and kaudit's environment entries that are in the manifest and not named here
    #[arg(long)]
    pub(super) reset: bool,
    /// Add an environment entry to the API server's container; may be repeated
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Log agent")]
    pub(super) container_env: Vec<String>,
    /// Add the environment entries with which Alibaba Cloud's Logtail finds the audit log of this cluster
    #[arg(long, value_name = "ID", help_heading = "Log agent")]
    pub(super) logtail_cluster_id: Option<String>,
    /// Remove the webhook: its flags, and the kubeconfig and credentials that kaudit wrote
    #[arg(
        long,
        conflicts_with_all = ["webhook_url", "webhook-config-file"],
        help_heading = "Webhook receiver"
    )]
    pub(super) no_webhook: bool,
    /// Where events are posted to.
    #[command(flatten)]
    pub(super) webhook: WebhookOptions,
    /// Which checks may fail.
    #[command(flatten)]
    pub(super) ignore: IgnoreOptions,
    /// One option per audit flag of kube-apiserver.
    #[command(flatten)]
    pub(super) audit: AuditOptions,
}
