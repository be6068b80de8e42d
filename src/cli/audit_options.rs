//! One option per audit flag of kube-apiserver, made from the table in `audit`, so that the two cannot differ.

use crate::audit::flag::{self, AuditFlag, Backend, Kind, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::plan::WEBHOOK_PATH;
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

/// The audit flags that were given: name without dashes in front, value as typed.
#[derive(Debug, Clone, Default)]
pub(super) struct AuditOptions {
    /// In the table's order.
    pub(super) given: Vec<(String, String)>,
}

impl Args for AuditOptions {
    fn augment_args(command: Command) -> Command {
        // Removed flags too: one that this version lacks is refused with the version that has it, which says more than
        // "unexpected argument".
        flag::all().iter().fold(command, |command, flag| command.arg(option(flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AuditOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = flag::all()
            .iter()
            .filter_map(|flag| {
                Some((flag.name.to_owned(), matches.get_one::<String>(flag.option())?.clone()))
            })
            .collect();
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `--log-maxage DAYS`, with kube-apiserver's own spelling as an alias, because people paste it.
fn option(flag: &'static AuditFlag) -> Arg {
    let arg = Arg::new(flag.option())
        .long(flag.option())
        .alias(flag.name)
        .value_name(flag.value_name())
        .help(help(flag))
        .help_heading(heading(flag.backend))
        .hide(flag.deprecated.is_some() || flag.until.is_some());
    match flag.kind {
        // As for kube-apiserver, the bare option means true.
        Kind::Bool => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        // Negative numbers are refused with a reason, not taken for options.
        Kind::Int { .. } | Kind::Float => arg.allow_negative_numbers(true),
        Kind::Path if flag.name == WEBHOOK_CONFIG_FILE => arg.conflicts_with("webhook_url"),
        Kind::Path | Kind::Duration | Kind::Choice(_) => arg,
    }
}

/// The table's line, except where kaudit's option does something else with the file than the flag.
fn help(flag: &AuditFlag) -> String {
    match flag.name {
        POLICY_FILE => "A policy that lies on the node: used in place, where --policy copies".to_owned(),
        WEBHOOK_CONFIG_FILE => format!(
            "A kubeconfig that was made elsewhere, with the webhook and its credentials; copied to {WEBHOOK_PATH}"
        ),
        _ => flag.help_line(),
    }
}

fn heading(backend: Backend) -> &'static str {
    match backend {
        Backend::Policy | Backend::Dynamic => "Policy",
        Backend::Log => "Log (kube-apiserver's --audit-log-…)",
        Backend::Webhook => "Webhook (kube-apiserver's --audit-webhook-…)",
    }
}
