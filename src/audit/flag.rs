//! The audit flags by name.

pub use crate::audit::definition::{AUDIT_PREFIX, AuditFlag, Backend, Kind, LOG_PATH, WEBHOOK_CONFIG_FILE};

use crate::audit::table::AUDIT_FLAGS;
use crate::diagnostic::Diagnostic;

/// The policy that decides what is logged at which level.
pub const POLICY_FILE: &str = "audit-policy-file";
/// Days a rotated file is kept.
pub const LOG_MAXAGE: &str = "audit-log-maxage";
/// Rotated files kept.
pub const LOG_MAXBACKUP: &str = "audit-log-maxbackup";
/// Size in MiB at which the file is rotated.
pub const LOG_MAXSIZE: &str = "audit-log-maxsize";
/// The wait before the first repeat of a failed delivery.
pub const WEBHOOK_INITIAL_BACKOFF: &str = "audit-webhook-initial-backoff";
/// The deprecated second name of [`WEBHOOK_INITIAL_BACKOFF`]: both write the same variable, the later one wins.
pub const WEBHOOK_BATCH_INITIAL_BACKOFF: &str = "audit-webhook-batch-initial-backoff";
/// The dynamic configuration of 1.13 to 1.18.
pub const DYNAMIC_CONFIGURATION: &str = "audit-dynamic-configuration";

/// Names that are farther apart than this are not offered as "did you mean" (Jaro-Winkler, 0 to 1).
const SIMILAR_ENOUGH: f64 = 0.88;

/// All known flags, ordered by name.
#[must_use]
pub fn all() -> &'static [AuditFlag] {
    AUDIT_FLAGS
}

/// The name as the API server looks it up: without leading dashes, underscores as dashes.
///
/// The rule is `WordSepNormalizeFunc` of `k8s.io/component-base/cli/flag`.
#[must_use]
pub fn normalise(name: &str) -> String {
    name.strip_prefix("--").unwrap_or(name).replace('_', "-")
}

/// The flag of that name, with or without dashes in front, with dashes or underscores inside.
#[must_use]
pub fn find(name: &str) -> Option<&'static AuditFlag> {
    let name = normalise(name);
    AUDIT_FLAGS.iter().find(|flag| flag.name == name)
}

/// The known flag that a misspelt name most likely means.
#[must_use]
pub fn suggest(name: &str) -> Option<&'static AuditFlag> {
    let name = normalise(name);
    // `max-size`, `max_backups`: the usual mistakes are a dash or a plural, which say nothing about the meaning.
    let bare = |name: &str| name.replace('-', "").trim_end_matches('s').to_owned();
    AUDIT_FLAGS.iter().find(|flag| bare(flag.name) == bare(&name)).or_else(|| {
        AUDIT_FLAGS
            .iter()
            .map(|flag| (strsim::jaro_winkler(flag.name, &name), flag))
            .filter(|(similarity, _)| *similarity >= SIMILAR_ENOUGH)
            .max_by(|(left, _), (right, _)| left.total_cmp(right))
            .map(|(_, flag)| flag)
    })
}

/// The refusal for a name that no release knows.
#[must_use]
pub fn refuse_unknown(name: &str) -> Diagnostic {
    let refusal = Diagnostic::error(format!("--{} is not a flag of kube-apiserver", normalise(name)));
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
    fn the_table_is_sorted_and_without_doubles() {
        assert!(all().windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn misspelt_names() {
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
    fn a_missing_flag_names_the_release_that_brings_or_removed_it() {
        let refuse = |flag: &str, version: &str| {
            let version = KubernetesVersion::parse(version).unwrap();
            find(flag).unwrap().available_in(&version).map_err(|refusal| refusal.message)
        };
        assert!(refuse("audit-log-compress", "1.19.16").unwrap_err().contains("1.20 brings it"));
        assert_eq!(refuse("audit-log-compress", "1.20.0"), Ok(()));
        assert!(refuse("audit-dynamic-configuration", "1.19").unwrap_err().contains("1.19 removed it"));
        assert_eq!(refuse("audit-dynamic-configuration", "1.18"), Ok(()));
        assert!(refuse("audit-log-version", "1.10").unwrap_err().contains("1.11 brings it"));
    }

    #[test]
    fn help_names_the_default() {
        assert!(find("audit-log-maxage").unwrap().help_line().ends_with("[kaudit sets: 30]"));
        assert!(find("audit-webhook-mode").unwrap().help_line().ends_with("[API server's default: batch]"));
        assert!(all().iter().all(|flag| !flag.help.ends_with('.') && flag.help.len() < 100));
    }
}
