//! One audit flag: its name, its value's kind, and the releases that have it.

use crate::audit::table::AUDIT_FLAGS;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;
use crate::spelling::most_similar;

/// What every audit flag's name starts with.
pub const AUDIT_PREFIX: &str = "audit-";

/// The policy that decides what is logged at which level.
pub const POLICY_FILE: &str = "audit-policy-file";
/// The log file, or `-` for standard output. Setting it turns the log backend on.
pub const LOG_PATH: &str = "audit-log-path";
/// How many days rotated files are kept.
pub const LOG_MAXAGE: &str = "audit-log-maxage";
/// How many rotated files are kept.
pub const LOG_MAXBACKUP: &str = "audit-log-maxbackup";
/// Size in MiB at which the file is rotated.
pub const LOG_MAXSIZE: &str = "audit-log-maxsize";
/// The kubeconfig of the webhook. Setting it turns the webhook backend on.
pub const WEBHOOK_CONFIG_FILE: &str = "audit-webhook-config-file";
/// The delay before the first retry of a failed delivery.
pub const WEBHOOK_INITIAL_BACKOFF: &str = "audit-webhook-initial-backoff";
/// The deprecated name of [`WEBHOOK_INITIAL_BACKOFF`]: both set the same variable, and the later one is effective.
pub const WEBHOOK_BATCH_INITIAL_BACKOFF: &str = "audit-webhook-batch-initial-backoff";
/// Dynamic configuration, in 1.13 to 1.18.
pub const DYNAMIC_CONFIGURATION: &str = "audit-dynamic-configuration";

/// The kind of value that a flag takes, which decides how it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A path in the API server's file system.
    Path,
    /// A whole number.
    Int {
        /// The unit for messages: `days`, `MB`.
        unit: &'static str,
    },
    /// `true` or `false`; the bare flag means `true`.
    Bool,
    /// A 32-bit floating-point number.
    Float,
    /// A Go duration such as `1m30s`.
    Duration,
    /// One of several names, which validation checks.
    Choice(&'static [&'static str]),
}

/// The part of the API server that a flag configures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The policy, for all backends.
    Policy,
    /// The log file.
    Log,
    /// The webhook.
    Webhook,
    /// Webhooks configured through the API, 1.13 to 1.18.
    Dynamic,
}

impl Backend {
    /// The name of this backend in flags and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Log => "log",
            Self::Webhook => "webhook",
            Self::Dynamic => "dynamic",
        }
    }

    /// The flag that turns this backend on, where one flag does.
    #[must_use]
    pub fn switch(self) -> Option<&'static str> {
        match self {
            Self::Log => Some(LOG_PATH),
            Self::Webhook => Some(WEBHOOK_CONFIG_FILE),
            Self::Policy | Self::Dynamic => None,
        }
    }
}

/// One audit flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditFlag {
    /// The name without the leading dashes: `audit-log-maxage`.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// The part of the API server that it configures.
    pub backend: Backend,
    /// The first minor release that has it, from 1.8 on.
    pub since: u16,
    /// The last minor release that has it; `None` if the newest known release has it.
    pub until: Option<u16>,
    /// The API server's defaults: each entry applies from its minor release on.
    pub defaults: &'static [(u16, &'static str)],
    /// The value that kaudit sets if the flag is neither set nor requested.
    pub filled: Option<&'static str>,
    /// The flag to use instead. A deprecated flag works, but prints a warning and is not in the API server's help.
    pub deprecated: Option<&'static str>,
    /// One line for kaudit's help, without the default.
    pub help: &'static str,
}

impl AuditFlag {
    /// The name of kaudit's option: the flag's without `audit-`.
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.name.strip_prefix(AUDIT_PREFIX).unwrap_or(self.name)
    }

    /// The placeholder for the value in a usage line.
    #[must_use]
    pub fn value_name(&self) -> &'static str {
        match self.kind {
            Kind::Path => "PATH",
            Kind::Int { unit: "days" } => "DAYS",
            Kind::Int { unit: "MB" } => "MB",
            Kind::Int { unit: "bytes" } => "BYTES",
            Kind::Int { .. } => "N",
            Kind::Bool => "BOOL",
            Kind::Float => "NUMBER",
            Kind::Duration => "DURATION",
            Kind::Choice(_) => "NAME",
        }
    }

    /// The API server's own default in a minor release.
    #[must_use]
    pub fn default_in(&self, minor: u16) -> &'static str {
        self.defaults.iter().rev().find(|(since, _)| *since <= minor).map_or("", |(_, value)| value)
    }

    /// The line for kaudit's help with the default of the newest known release, or kaudit's own where it sets one.
    #[must_use]
    pub fn help_line(&self) -> String {
        match (self.filled, self.default_in(NEWEST_KNOWN_MINOR)) {
            (Some(filled), _) => format!("{} [kaudit sets: {filled}]", self.help),
            (None, "") => self.help.to_owned(),
            (None, default) => format!("{} [API server's default: {default}]", self.help),
        }
    }

    /// Whether a minor release has the flag.
    #[must_use]
    pub fn is_in(&self, minor: u16) -> bool {
        self.since <= minor && self.until.is_none_or(|until| minor <= until)
    }

    /// Checks that an API server of this version has the flag.
    ///
    /// This uses the version itself and not the closest known release, because the table starts with 1.8.
    ///
    /// # Errors
    ///
    /// It does not; the error states the release that added or removed the flag.
    pub fn available_in(&self, version: &KubernetesVersion) -> Result<(), Diagnostic> {
        let name = self.name;
        if version.minor < self.since {
            return Err(Diagnostic::error(format!(
                "Kubernetes {version} does not support --{name}, which was added in 1.{}: the API server would not start",
                self.since
            ))
            .help(format!("omit --{}, or upgrade to 1.{} first", self.option(), self.since)));
        }
        match self.until {
            Some(until) if version.minor > until => Err(Diagnostic::error(format!(
                "Kubernetes {version} does not support --{name}, which was removed in 1.{}: the API server would not start",
                until + 1
            ))
            .help(format!("remove --{name} (with --reset); use --webhook-config-file instead"))),
            _ => Ok(()),
        }
    }
}

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
