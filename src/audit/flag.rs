//! Finds audit flags by name.

pub use crate::audit::definition::{AUDIT_PREFIX, AuditFlag, Backend, Kind, LOG_PATH, WEBHOOK_CONFIG_FILE};

use crate::audit::table::AUDIT_FLAGS;
use crate::diagnostic::Diagnostic;
use crate::spelling::most_similar;

/// The policy that decides what is logged at which level.
pub const POLICY_FILE: &str = "audit-policy-file";
/// How many days rotated files are kept.
pub const LOG_MAXAGE: &str = "audit-log-maxage";
/// How many rotated files are kept.
pub const LOG_MAXBACKUP: &str = "audit-log-maxbackup";
/// Size in MiB at which the file is rotated.
pub const LOG_MAXSIZE: &str = "audit-log-maxsize";
/// The delay before the first retry of a failed delivery.
pub const WEBHOOK_INITIAL_BACKOFF: &str = "audit-webhook-initial-backoff";
/// The deprecated name of [`WEBHOOK_INITIAL_BACKOFF`]: both set the same variable, and the later one is effective.
pub const WEBHOOK_BATCH_INITIAL_BACKOFF: &str = "audit-webhook-batch-initial-backoff";
/// Dynamic configuration, in 1.13 to 1.18.
pub const DYNAMIC_CONFIGURATION: &str = "audit-dynamic-configuration";

/// All known flags, ordered by name.
#[must_use]
pub fn all() -> &'static [AuditFlag] {
    AUDIT_FLAGS
}

/// The normalised name that the API server uses: without leading dashes, underscores as dashes.
///
/// The rule is `WordSepNormalizeFunc` of `k8s.io/component-base/cli/flag`.
#[must_use]
pub fn normalise(name: &str) -> String {
    name.strip_prefix("--").unwrap_or(name).replace('_', "-")
}

/// The flag with this name, with or without leading dashes, with dashes or underscores.
#[must_use]
pub fn find(name: &str) -> Option<&'static AuditFlag> {
    let name = normalise(name);
    AUDIT_FLAGS.iter().find(|flag| flag.name == name)
}

/// The API server's default of a flag in a minor release; empty for unknown flags.
#[must_use]
pub fn default_in(name: &str, minor: u16) -> &'static str {
    find(name).map_or("", |flag| flag.default_in(minor))
}

/// The known flag that a misspelled name most likely means.
#[must_use]
pub fn suggest(name: &str) -> Option<&'static AuditFlag> {
    let name = normalise(name);
    // `max-size`, `max_backups`: the usual mistakes are an extra dash or a plural.
    let bare = |name: &str| name.replace('-', "").trim_end_matches('s').to_owned();
    let same = AUDIT_FLAGS.iter().find(|flag| bare(flag.name) == bare(&name));
    same.or_else(|| most_similar(&name, AUDIT_FLAGS, |flag| flag.name))
}

/// The error for a name that no release knows.
#[must_use]
pub fn refuse_unknown(name: &str) -> Diagnostic {
    let refusal = Diagnostic::error(format!("unknown kube-apiserver flag --{}", normalise(name)));
    match suggest(name) {
        Some(meant) => refusal.help(format!("did you mean --{}?", meant.name)),
        None => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::{all, find, suggest};
    use crate::audit::version::KubernetesVersion;

    #[test]
    fn names_are_normalised() {
        assert_eq!(find("--audit_log_path").unwrap().name, "audit-log-path");
        assert_eq!(find("audit-log_maxage").unwrap().option(), "log-maxage");
        assert!(find("audit-log-maxagee").is_none());
        assert!(find("---audit-log-path").is_none());
    }

    #[test]
    fn the_table_is_sorted_and_has_no_duplicates() {
        assert!(all().windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn misspelled_names() {
        for (typed, meant) in [
            ("audit-log-max-size", "audit-log-maxsize"),
            ("audit-log-max-backups", "audit-log-maxbackup"),
            ("audit_log_maxbackups", "audit-log-maxbackup"),
            ("--audit-log-max-age", "audit-log-maxage"),
            ("audit-policy", "audit-policy-file"),
            ("audit-policy-config-file", "audit-policy-file"),
            ("audit-webhook-config", "audit-webhook-config-file"),
            ("audit-log-pth", "audit-log-path"),
            ("audit-log-truncate-enable", "audit-log-truncate-enabled"),
        ] {
            assert_eq!(suggest(typed).map(|flag| flag.name), Some(meant), "{typed}");
        }
        assert_eq!(suggest("secure-port"), None);
    }

    #[test]
    fn errors_state_the_release_that_added_or_removed_the_flag() {
        let refuse = |flag: &str, version: &str| {
            let version = KubernetesVersion::parse(version).unwrap();
            find(flag).unwrap().available_in(&version).map_err(|refusal| refusal.message)
        };
        assert!(refuse("audit-log-compress", "1.19.16").unwrap_err().contains("added in 1.20"));
        assert_eq!(refuse("audit-log-compress", "1.20.0"), Ok(()));
        assert!(refuse("audit-dynamic-configuration", "1.19").unwrap_err().contains("removed in 1.19"));
        assert_eq!(refuse("audit-dynamic-configuration", "1.18"), Ok(()));
        assert!(refuse("audit-log-version", "1.10").unwrap_err().contains("added in 1.11"));
    }

    #[test]
    fn help_names_the_default() {
        assert!(find("audit-log-maxage").unwrap().help_line().ends_with("[kaudit sets: 30]"));
        assert!(find("audit-webhook-mode").unwrap().help_line().ends_with("[API server's default: batch]"));
        assert!(all().iter().all(|flag| !flag.help.ends_with('.') && flag.help.len() < 100));
    }
}
