//! The checks of a webhook: each has an id, and some may be ignored.

use crate::diagnostic::{Diagnostic, Severity};

/// Checks whose errors do not prevent the API server from starting: the receiver may not be running yet, or not be
/// reachable from here. `--ignore-preflight-errors`, named as in kubeadm, turns their errors into warnings.
pub const IGNORABLE: [&str; 7] = [
    "webhook-client-certificate",
    "webhook-resolve",
    "webhook-connect",
    "webhook-tls",
    "webhook-server-certificate",
    "webhook-answer",
    "webhook-credentials",
];

/// The check `id` passed.
#[must_use]
pub fn ok(id: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::ok(message).named(id)
}

/// The check `id` found something worth knowing.
#[must_use]
pub fn info(id: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::info(message).named(id)
}

/// The check `id` found something that causes a problem sooner or later.
#[must_use]
pub fn warning(id: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(message).named(id)
}

/// The check `id` failed.
#[must_use]
pub fn error(id: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(message).named(id)
}

/// Turns an error into a warning if `ignored` names its check, or `all`, and the check can be ignored.
#[must_use]
pub fn soften(mut diagnostic: Diagnostic, ignored: &[String]) -> Diagnostic {
    let is_named = ignored.iter().any(|name| Some(name.as_str()) == diagnostic.id || name == "all");
    if diagnostic.is_error() && is_named && is_ignorable(&diagnostic) {
        diagnostic.severity = Severity::Warning;
    }
    diagnostic
}

/// The same as a refusal: with the option that ignores the check, if there is one.
#[must_use]
pub fn refusal(diagnostic: &Diagnostic) -> Diagnostic {
    let refusal = diagnostic.clone();
    match diagnostic.id {
        Some(id) if is_ignorable(diagnostic) => {
            refusal.help(format!("to ignore this check: --ignore-preflight-errors {id}"))
        }
        _ => refusal,
    }
}

fn is_ignorable(diagnostic: &Diagnostic) -> bool {
    diagnostic.id.is_some_and(|id| IGNORABLE.contains(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_checks_that_do_not_prevent_the_start_can_be_ignored() {
        let severity = |id, name: &str| soften(error(id, "x"), &[name.to_owned()]).severity;
        assert_eq!(severity("webhook-connect", "all"), Severity::Warning);
        assert_eq!(severity("webhook-connect", "webhook-connect"), Severity::Warning);
        assert_eq!(severity("webhook-connect", "webhook-tls"), Severity::Error);
        assert_eq!(severity("webhook-file", "all"), Severity::Error);
    }
}
