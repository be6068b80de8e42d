//! The value of one audit flag: whether the API server can parse it, and whether kaudit writes it.

use crate::audit::flag::{AuditFlag, Kind, LOG_PATH};
use crate::audit::pflag::{parse_bool, parse_duration, parse_float, parse_int};
use crate::diagnostic::Diagnostic;
use crate::go::{quote, visible};

/// Standard output as a log path.
pub const STANDARD_OUTPUT: &str = "-";

/// The start of a variable reference, which the kubelet expands in `command`, `args` and the values of `env`.
const EXPANSION: &str = "$(";

/// A flag with which the API server does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFlag {
    /// The flag to change.
    pub flag: String,
    /// What is wrong, in terms of kaudit's options.
    pub message: String,
    /// The API server's own message.
    pub server_message: String,
}

impl InvalidFlag {
    /// The refusal to write such a flag.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let server_message = visible(&self.server_message);
        Diagnostic::error(&self.message).evidence(format!("the API server would report: {server_message}"))
    }
}

/// Parses a value exactly as the API server's flag library does.
///
/// # Errors
///
/// The value cannot be parsed.
pub fn parse(flag: &AuditFlag, value: &str) -> Result<(), InvalidFlag> {
    let (result, expected) = match flag.kind {
        Kind::Path | Kind::Choice(_) => (Ok(()), String::new()),
        Kind::Int { unit } => {
            (parse_int(value).map(drop), format!("a whole number of {unit}, for example 100"))
        }
        Kind::Bool => (parse_bool(value).map(drop), "true or false".to_owned()),
        Kind::Float => (parse_float(value).map(drop), "a number, for example 2.5".to_owned()),
        Kind::Duration => {
            let expected = "a duration with a unit, for example 500ms, 10s or 1h30m";
            (parse_duration(value).map(drop), expected.to_owned())
        }
    };
    result.map_err(|cause| InvalidFlag {
        flag: flag.name.to_owned(),
        message: format!("--{} must be {expected}, not {}", flag.name, quote(value)),
        server_message: format!(
            "invalid argument {} for {} flag: {cause}",
            quote(value),
            quote(&format!("--{}", flag.name))
        ),
    })
}

/// Checks a value that the operator requests: the API server must be able to parse it, and its effect must be known.
///
/// Stricter than the API server for paths, because kaudit mounts and creates them.
///
/// # Errors
///
/// Why the value is not written.
pub fn accept(flag: &AuditFlag, value: &str) -> Result<(), Diagnostic> {
    let name = flag.name;
    if value.chars().any(char::is_control) {
        return Err(Diagnostic::error(format!(
            "the value of --{name} contains a line break or another control character"
        ))
        .help("write the value on one line"));
    }
    if is_expanded(value) {
        return Err(Diagnostic::error(format!(
            "the value of --{name} contains `$(`, which the kubelet expands"
        ))
        .help("replace the variable by its value"));
    }
    parse(flag, value).map_err(|invalid| invalid.diagnostic())?;
    if flag.kind == Kind::Path { accept_path(name, value) } else { Ok(()) }
}

fn accept_path(name: &str, value: &str) -> Result<(), Diagnostic> {
    if name == LOG_PATH && value == STANDARD_OUTPUT {
        return Ok(());
    }
    if value.is_empty() {
        return Err(Diagnostic::error(format!("--{name} must not be empty: this would turn it off"))
            .help("omit it; with --reset, kaudit removes all audit flags that are not given"));
    }
    if !value.starts_with('/') {
        return Err(Diagnostic::error(format!("--{name} must be an absolute path, not {}", quote(value)))
            .help("a relative path depends on the working directory of the API server's container"));
    }
    if value.split('/').any(|part| part == "..") {
        return Err(Diagnostic::error(format!("--{name} must not contain `..`: `{value}`"))
            .help("write the path without `..`"));
    }
    if name == LOG_PATH && value.ends_with('/') {
        return Err(Diagnostic::error(format!("--{name} must name a file, not the directory `{value}`"))
            .help(format!("--log-path {value}audit.log")));
    }
    Ok(())
}

/// Whether the kubelet would expand a variable in this text; `$$(` is its escape sequence for `$(`.
#[must_use]
pub fn is_expanded(text: &str) -> bool {
    text.match_indices(EXPANSION).any(|(at, _)| {
        let dollars_before =
            text.get(..at).unwrap_or("").bytes().rev().take_while(|byte| *byte == b'$').count();
        dollars_before % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::{accept, is_expanded, parse};
    use crate::audit::flag::find;

    #[test]
    fn an_invalid_value_has_two_messages() {
        let invalid = parse(find("audit-webhook-batch-max-wait").unwrap(), "10").unwrap_err();
        assert_eq!(
            invalid.message,
            "--audit-webhook-batch-max-wait must be a duration with a unit, for example 500ms, 10s or 1h30m, not \"10\""
        );
        assert_eq!(
            invalid.server_message,
            "invalid argument \"10\" for \"--audit-webhook-batch-max-wait\" flag: \
             time: missing unit in duration \"10\""
        );
    }

    #[test]
    fn requested_values() {
        let accepted = |name: &str, value: &str| accept(find(name).unwrap(), value).is_ok();
        for (name, value, expected) in [
            ("audit-log-path", "-", true),
            ("audit-log-path", "/var/log/kubernetes/audit/audit.log", true),
            ("audit-log-path", "/var/log/a b/ü.log", true),
            ("audit-log-path", "/var/log/a..b/audit.log", true),
            ("audit-log-path", "", false),
            ("audit-log-path", "audit.log", false),
            ("audit-log-path", "/var/log/../audit.log", false),
            ("audit-log-path", "/var/log/", false),
            ("audit-log-path", "/var/log/a\n", false),
            ("audit-log-path", "/var/log/\0", false),
            ("audit-log-path", "/var/log/$(NODE).log", false),
            ("audit-log-path", "/var/log/$$(NODE).log", true),
            ("audit-policy-file", "-", false),
            ("audit-log-maxage", "0x1e", true),
            ("audit-log-maxage", "30d", false),
            ("audit-log-compress", "T", true),
            ("audit-log-compress", "yes", false),
            ("audit-log-version", "$(VERSION)", false),
        ] {
            assert_eq!(accepted(name, value), expected, "{name} {value:?}");
        }
    }

    #[test]
    fn two_dollars_escape_one() {
        assert!(is_expanded("$(A)"));
        assert!(!is_expanded("$$(A)"));
        assert!(is_expanded("$$$(A)"));
        assert!(is_expanded("$$(A) $(B)"));
        assert!(!is_expanded("$A (B)"));
    }
}
