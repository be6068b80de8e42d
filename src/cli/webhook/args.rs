//! The command line of `kaudit webhook`.

use super::{IgnoreOptions, WebhookOptions};
use crate::cli::global::OnNode;
use clap::{Args, Subcommand};

/// `webhook`
#[derive(Debug, Args)]
pub(in crate::cli) struct WebhookArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub(in crate::cli) command: WebhookCommand,
}

impl WebhookArgs {
    /// Whether `-o json` was given.
    pub(in crate::cli) fn prints_json(&self) -> bool {
        let WebhookCommand::Check(check) = &self.command;
        check.output.is_json()
    }
}

/// The commands about webhooks. None of them changes a node.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WebhookCommand {
    /// Check a webhook and its receiver as the API server would find it; exit 1: warnings, 3: events would not arrive
    #[command(after_help = CHECK_HELP)]
    Check(Box<OnNode<Check>>),
}

const CHECK_HELP: &str = "\
Examples:
  kaudit webhook check                      the webhook of this node
  kaudit webhook check webhook.kubeconfig   a kubeconfig, before it is enabled
  kaudit webhook check --webhook-url https://sink.example:9443/ \\
    --webhook-token-file token

The receiver gets one EventList without events. Network access takes 20 s at most.";

/// `webhook check`
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A webhook kubeconfig [default: the one of the node's manifest]
    #[arg(value_name = "FILE", conflicts_with = "webhook_url")]
    pub(super) file: Option<String>,
    /// Check only files; do not contact resolver and receiver
    #[arg(long)]
    pub(super) offline: bool,
    /// A receiver instead of a kubeconfig.
    #[command(flatten)]
    pub(super) webhook: WebhookOptions,
    /// Checks whose failures are ignored.
    #[command(flatten)]
    pub(super) ignore: IgnoreOptions,
}
