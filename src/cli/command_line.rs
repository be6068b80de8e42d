//! The command line: every command, and what `kaudit --help` shows.

use super::collector::CollectorArgs;
use super::diff;
use super::disable;
use super::enable::{self, EnableArgs};
use super::global::{Global, NoOptions, OnNode};
use super::logs::LogsArgs;
use super::options::{ChangeOptions, Waiting};
use super::policy::PolicyArgs;
use super::receive::ReceiveArgs;
use super::recover;
use super::restart;
use super::rollback::{self, RollbackArgs};
use super::settings::Settings;
use super::status;
use super::webhook::WebhookArgs;
use clap::{Parser, Subcommand};

/// Enable, change and disable Kubernetes API audit logging on control-plane nodes where kube-apiserver runs as a static
/// pod.
#[derive(Debug, Parser)]
#[command(name = "kaudit", version, max_term_width = 110, after_help = HELP)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(super) global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Enable audit logging, or change its settings; running it again with the same options changes nothing
    #[command(after_help = enable::HELP)]
    Enable(Box<OnNode<EnableArgs>>),
    /// Show what `enable` with the same options would change; exit 1 if it would change something
    #[command(after_help = diff::HELP)]
    Diff(Box<OnNode<Settings>>),
    /// Disable audit logging and restore the manifest from before kaudit; logs are kept
    #[command(after_help = disable::HELP)]
    Disable(OnNode<ChangeOptions>),
    /// Restore an earlier generation of the node's files
    #[command(after_help = rollback::HELP)]
    Rollback(OnNode<RollbackArgs>),
    /// Restart the API server safely; a policy that was edited by hand takes effect
    #[command(after_help = restart::HELP)]
    Restart(OnNode<ChangeOptions>),
    /// Complete or roll back an interrupted run; every command that changes the node does this first
    #[command(after_help = recover::HELP, mut_arg("drain", |drain| drain.help(recover::DRAIN_HELP)))]
    Recover(OnNode<Waiting>),
    /// Show what is configured, what runs, the generations, and drift between them
    #[command(after_help = status::HELP)]
    Status(OnNode<NoOptions>),
    /// Read, follow, filter and count the events of this node's audit log, or of other logs
    Logs(Box<LogsArgs>),
    /// Check and explain a policy, compare policies, migrate an old one; list and show the presets
    Policy(PolicyArgs),
    /// Check the audit webhook: kubeconfig, certificates and the receiver
    Webhook(WebhookArgs),
    /// Receive events from an API server's audit webhook, and print or store them
    Receive(Box<ReceiveArgs>),
    /// Print the configuration with which a log shipper reads this node's audit log, and warn about what it would lose
    Collector(CollectorArgs),
    /// Run enable, enable again, status and disable on a sample node in a temporary directory
    Demo,
}

impl Command {
    /// Whether standard output gets exactly one JSON object.
    pub(super) fn prints_json(&self) -> bool {
        match self {
            Self::Enable(it) => it.output.is_json(),
            Self::Diff(it) => it.output.is_json(),
            Self::Disable(it) | Self::Restart(it) => it.output.is_json(),
            Self::Rollback(it) => it.output.is_json(),
            Self::Recover(it) => it.output.is_json(),
            Self::Status(it) => it.output.is_json(),
            Self::Logs(args) => args.prints_json_report(),
            Self::Policy(args) => args.prints_json(),
            Self::Webhook(args) => args.prints_json(),
            Self::Receive(args) => args.output.is_json(),
            Self::Collector(args) => args.output.is_json(),
            Self::Demo => false,
        }
    }
}

const HELP: &str = "\
Examples:
  kaudit demo                     see how it works, on a sample node
  kaudit diff --policy default    show what would change on this node
  kaudit enable --policy default \\
    --log-path /var/log/kubernetes/audit/audit.log
                                  enable audit logging: restarts the API
                                  server and verifies an event in the log
  kaudit enable --log-maxage 60   change one setting, keep all others
  kaudit policy lint policy.yaml  check a policy
  kaudit enable --root /mnt/node --policy default
                                  change a directory tree; nothing restarts
  kaudit disable                  disable audit logging

Exit codes:
  0         success, or nothing to do; receive: stopped by a signal
  1         diff: something would change; policy lint, policy diff, webhook
            check: differences or findings
  2         usage error
  3         refused, the API server was not touched; policy lint: it would
            not start; webhook check: events would not arrive
  4         rolled back, and healthy again
  5         manual intervention required; receive: events cannot be written
  6         another run holds the lock
  130, 143  ended by SIGINT, SIGTERM after an orderly rollback";

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{Command, CommandFactory as _};

    /// An example that is longer is broken on a terminal of 80 columns.
    const WIDEST_EXAMPLE: usize = 78;

    fn check(command: &Command, faults: &mut Vec<String>) {
        let name = command.get_name();
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let is_shaped = |line: &str| line.is_empty() || line.starts_with("  ") || line.ends_with(':');
        let mut before = "";
        for line in text.lines() {
            if line.starts_with("  ") && line.chars().count() > WIDEST_EXAMPLE {
                faults.push(format!("{name}: too wide: {line}"));
            }
            if !is_shaped(line) && !before.is_empty() {
                faults.push(format!("{name}: a paragraph in several lines: {line}"));
            }
            before = line;
        }
        let needs_none = command.has_subcommands() || ["demo", "list", "show"].contains(&name);
        if !needs_none && !text.starts_with("Examples:\n  kaudit ") {
            faults.push(format!("{name}: no example"));
        }
        // `help` has all commands once more.
        let own = command.get_subcommands().filter(|command| command.get_name() != "help");
        own.for_each(|command| check(command, faults));
    }

    #[test]
    fn help_is_wrapped_by_clap_alone() {
        let mut command = Cli::command();
        command.build();
        let mut faults = Vec::new();
        check(&command, &mut faults);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// `--drain` speaks of `--restart` only where there is one.
    #[test]
    fn no_option_speaks_of_one_that_is_not_there() {
        let mut command = Cli::command();
        command.build();
        for name in ["enable", "recover"] {
            let command = command.find_subcommand(name).unwrap();
            let help = |id: &str| {
                let option = command.get_arguments().find(|option| option.get_id() == id);
                option.map(|option| option.get_help().unwrap().to_string())
            };
            let is_there = help("method").is_some();
            assert_eq!(help("drain").unwrap().contains("--restart"), is_there, "{name}");
        }
    }
}
