//! The value of one audit flag: does it parse, and may kaudit write it?

use crate::audit::flag::{AuditFlag, Kind, LOG_PATH};
use crate::audit::pflag::{parse_bool, parse_duration, parse_float, parse_int};
use crate::diagnostic::Diagnostic;
use crate::go::quote;

/// Standard output as a log path.
pub const STANDARD_OUTPUT: &str = "-";

/// What the kubelet would expand inside `command`, `args` and the values of `env`.
const EXPANSION: &str = "$(";

/// A value that the API server does not parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unparsable {
    /// What is wrong, in plain words.
    pub plain: String,
    /// The API server's own message.
    pub server: String,
}

/// Parses a value exactly as the API server's flag library does.
///
/// # Errors
///
/// What is wrong, in plain words and in the API server's.
pub fn parse(flag: &AuditFlag, value: &str) -> Result<(), Unparsable> {
    let (outcome, wanted) = match flag.kind {
        Kind::Path | Kind::Choice(_) => (Ok(()), String::new()),
        Kind::Int { unit } => (parse_int(value).map(drop), format!("a whole number of {unit}, as 100")),
        Kind::Bool => (parse_bool(value).map(drop), "true or false".to_owned()),
        Kind::Float => (parse_float(value).map(drop), "a number, as 2.5".to_owned()),
        Kind::Duration => {
            (parse_duration(value).map(drop), "a duration with its unit, as 500ms, 10s or 1h30m".to_owned())
        }
    };
    outcome.map_err(|cause| Unparsable {
        plain: format!("--{} must be {wanted}, not {}", flag.name, quote(value)),
        server: format!(
            "invalid argument {} for {} flag: {cause}",
            quote(value),
            quote(&format!("--{}", flag.name))
        ),
    })
}

/// Judges a value that the operator asks for: it must parse, and be one that kaudit can vouch for.
///
/// Stricter than the API server for paths, because kaudit mounts and creates what they name.
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
        .help("give the value on one line"));
    }
    if is_expanded(value) {
        return Err(Diagnostic::error(format!(
            "the value of --{name} contains `$(`, which the kubelet expands"
        ))
        .help("write out what the variable holds"));
    }
    parse(flag, value).map_err(|unparsable| {
        Diagnostic::error(unparsable.plain).help(format!("the API server would say: {}", unparsable.server))
    })?;
    if flag.kind == Kind::Path { accept_path(name, value) } else { Ok(()) }
}

fn accept_path(name: &str, value: &str) -> Result<(), Diagnostic> {
    if name == LOG_PATH && value == STANDARD_OUTPUT {
        return Ok(());
    }
    if value.is_empty() {
        return Err(Diagnostic::error(format!("--{name} is empty, which turns it off"))
            .help("leave it out; with --reset, kaudit drops the audit flags that are not named"));
    }
    if !value.starts_with('/') {
        return Err(Diagnostic::error(format!("--{name} must be an absolute path, not {}", quote(value)))
            .help("a relative path would start at the working directory of the API server's container"));
    }
    if value.split('/').any(|part| part == "..") {
        return Err(Diagnostic::error(format!("--{name} must not contain `..`: `{value}`"))
            .help("write the path out"));
    }
    if name == LOG_PATH && value.ends_with('/') {
        return Err(Diagnostic::error(format!("--{name} must name a file, not the directory `{value}`"))
            .help(format!("--log-path {value}audit.log")));
    }
    Ok(())
}

/// Whether the kubelet would look for a variable in this text; `$$(` is its way to write a plain `$(`.
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
    fn both_voices_explain_a_bad_value() {
        let bad = parse(find("audit-webhook-batch-max-wait").unwrap(), "10").unwrap_err();
        assert_eq!(
            bad.plain,
            "--audit-webhook-batch-max-wait must be a duration with its unit, as 500ms, 10s or 1h30m, not \"10\""
        );
        assert_eq!(
            bad.server,
            "invalid argument \"10\" for \"--audit-webhook-batch-max-wait\" flag: \
             time: missing unit in duration \"10\""
        );
    }

    #[test]
    fn asked_values() {
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
    fn a_doubled_dollar_is_a_dollar() {
        assert!(is_expanded("$(A)"));
        assert!(!is_expanded("$$(A)"));
        assert!(is_expanded("$$$(A)"));
        assert!(is_expanded("$$(A) $(B)"));
        assert!(!is_expanded("$A (B)"));
    }
}
