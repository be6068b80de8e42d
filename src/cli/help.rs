//! What stands below the options in `--help`: of kaudit itself, and of the commands about a node. A paragraph is one line,
//! which clap wraps.

/// Of `kaudit`.
pub(super) const KAUDIT: &str = "\
Examples:
  kaudit demo                     see it work, on a sample node
  kaudit diff --policy default    see what would change on this node
  kaudit enable --policy default \\
    --log-path /var/log/kubernetes/audit/audit.log
                                  change it: the API server is restarted, and
                                  the change proven by an event
  kaudit enable --log-maxage 60   change one setting, keep all others
  kaudit policy lint policy.yaml  what is wrong with a policy
  kaudit enable --root /mnt/node --policy default
                                  change a directory tree, restart nothing
  kaudit disable                  audit logging off, the manifest as it was

Exit codes:
  0         done, or nothing to do; receive: ended by a signal, in order
  1         diff: something would change; policy lint, policy diff, webhook
            check: findings
  2         usage
  3         refused, the API server untouched; policy lint: it would not
            start; webhook check: events would not arrive
  4         rolled back, and healthy again
  5         needs hands; receive: events cannot be written any more
  6         another run is under way
  130, 143  ended by SIGINT, SIGTERM; everything is as before";

/// Of `enable`.
pub(super) const ENABLE: &str = "\
Examples:
  kaudit enable --policy default \\
    --log-path /var/log/kubernetes/audit/audit.log
  kaudit enable --policy my-policy.yaml --strict --dry-run
  kaudit enable --log-maxage 60 --drain 2s
  kaudit enable --webhook-url https://sink.example:9443/ \\
    --webhook-ca-file ca.crt --webhook-token-file token";

/// Of `diff`.
pub(super) const DIFF: &str = "\
Examples:
  kaudit diff --policy default
  kaudit diff --log-maxage 60 -v";

/// Of `disable`.
pub(super) const DISABLE: &str = "\
Examples:
  kaudit disable --dry-run
  kaudit disable --drain 2s --yes";

/// Of `rollback`.
pub(super) const ROLLBACK: &str = "\
Examples:
  kaudit rollback          the last change undone
  kaudit rollback --to 0   the node as it was before kaudit
  kaudit rollback --to 3 --dry-run";

/// Of `restart`.
pub(super) const RESTART: &str = "\
Examples:
  kaudit restart           bring a policy into force that was edited here
  kaudit restart --restart move --drain 2s";

/// Of `recover`.
pub(super) const RECOVER: &str = "\
Examples:
  kaudit recover           after a run was killed, or the node was rebooted
  kaudit recover --timeout 10m";

/// Of `recover --drain`, which has no method to choose.
pub(super) const RECOVER_DRAIN: &str = "\
End the old API server this long after it has stopped listening, such as 2s; requests that it still serves, watches above \
all, are cut then [default: the pod's own grace period, 30s with kubeadm]";

/// Of `status`.
pub(super) const STATUS: &str = "\
Examples:
  kaudit status            what is configured, what runs, did it drift
  kaudit status -v         every generation with its files
  kaudit status -o json | jq .status.drift";

#[cfg(test)]
mod tests {
    use crate::cli::args::Cli;
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
