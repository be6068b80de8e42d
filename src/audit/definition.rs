//! An audit flag: its name, its kind of value, and the releases that have it.

use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;

/// What every audit flag's name starts with.
pub const AUDIT_PREFIX: &str = "audit-";

/// The log file, or `-` for standard output. Setting it turns the log backend on.
pub const LOG_PATH: &str = "audit-log-path";

/// The kubeconfig of the webhook. Setting it turns the webhook backend on.
pub const WEBHOOK_CONFIG_FILE: &str = "audit-webhook-config-file";

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
