//! The validation that the API server does when it starts, with its own messages.
//!
//! It follows `AuditOptions.Validate` in `pkg/server/options/audit.go`, which has not changed since 1.16 except for the
//! group versions. A backend that is off is not validated; the options for batches only in batch mode.

use crate::audit::argv::{Form, Occurrence};
use crate::audit::flag::{self, Backend, Kind, LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE};
use crate::audit::pflag::{parse_bool, parse_float, parse_int};
use crate::audit::table::{FORMATS, GROUP_VERSIONS, MODES};
use crate::audit::value::{self, InvalidFlag};
use crate::go::{format_float, quote};

/// The first minor release that supports only `audit.k8s.io/v1`.
pub const ONLY_V1_SINCE: u16 = 24;

/// Validates settings whose values all parse.
///
/// `value_of` returns the value of a flag if it is set. Other flags have the API server's default of the minor release
/// `minor`, which must be one that [`crate::audit::version`] knows. The order is the API server's.
#[must_use]
pub fn validate<'a>(value_of: impl Fn(&str) -> Option<&'a str>, minor: u16) -> Vec<InvalidFlag> {
    let settings = Settings { value_of, minor };
    [Backend::Log, Backend::Webhook]
        .into_iter()
        .flat_map(|backend| settings.validate_backend(backend))
        .collect()
}

struct Settings<F> {
    value_of: F,
    minor: u16,
}

impl<'a, F: Fn(&str) -> Option<&'a str>> Settings<F> {
    fn text(&self, name: &str) -> &'a str {
        (self.value_of)(name).unwrap_or_else(|| flag::default_in(name, self.minor))
    }

    fn int(&self, name: &str) -> i64 {
        parse_int(self.text(name)).unwrap_or_default()
    }

    fn validate_backend(&self, backend: Backend) -> Vec<InvalidFlag> {
        let is_off = backend.switch().is_some_and(|switch| self.text(switch).is_empty());
        if is_off {
            return Vec::new();
        }
        let name = backend.name();
        let mut problems: Vec<InvalidFlag> = [
            self.validate_batches(name),
            self.validate_truncation(name),
            self.validate_group_version(&format!("audit-{name}-version")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if backend == Backend::Log {
            problems.extend(self.validate_format());
            problems.extend([LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE].into_iter().filter_map(|name| {
                let number = self.int(name);
                (number < 0).then(|| InvalidFlag {
                    flag: name.to_owned(),
                    message: format!("--{name} must not be negative, but is {number}"),
                    server_message: format!("--{name} {number} can't be a negative number"),
                })
            }));
        }
        problems
    }

    /// The first error in mode and batches: the API server reports only one.
    fn validate_batches(&self, backend: &str) -> Option<InvalidFlag> {
        let name = format!("audit-{backend}-mode");
        let mode = self.text(&name);
        if !MODES.contains(&mode) {
            return Some(InvalidFlag {
                message: format!("--{name} must be one of {}, not {}", MODES.join(", "), quote(mode)),
                server_message: format!(
                    "invalid audit {backend} mode {mode}, allowed modes are {}",
                    quote(&MODES.join(","))
                ),
                flag: name,
            });
        }
        if mode != "batch" {
            return None;
        }
        let positive = |option: &str, what: &str, number: String, is_positive: bool| {
            let name = format!("audit-{backend}-batch-{option}");
            (!is_positive).then(|| InvalidFlag {
                message: format!("--{name} must be greater than 0 in batch mode, but is {number}"),
                server_message: format!(
                    "invalid audit batch {backend} {what} {number}, must be a positive number"
                ),
                flag: name,
            })
        };
        let positive_int = |option: &str, what: &str| {
            let number = self.int(&format!("audit-{backend}-batch-{option}"));
            positive(option, what, number.to_string(), number > 0)
        };
        let throttled =
            parse_bool(self.text(&format!("audit-{backend}-batch-throttle-enable"))).unwrap_or_default();
        let rate = || {
            let number =
                parse_float(self.text(&format!("audit-{backend}-batch-throttle-qps"))).unwrap_or_default();
            // The API server accepts not-a-number, because it checks for "at most 0".
            positive("throttle-qps", "throttle QPS", format_float(number), number > 0.0 || number.is_nan())
        };
        positive_int("buffer-size", "buffer size")
            .or_else(|| positive_int("max-size", "max batch size"))
            .or_else(|| throttled.then(rate).flatten())
            .or_else(|| throttled.then(|| positive_int("throttle-burst", "throttle burst")).flatten())
    }

    /// The sizes are validated whether truncation is enabled or not.
    fn validate_truncation(&self, backend: &str) -> Option<InvalidFlag> {
        let event_name = format!("audit-{backend}-truncate-max-event-size");
        let batch_name = format!("audit-{backend}-truncate-max-batch-size");
        let (event, batch) = (self.int(&event_name), self.int(&batch_name));
        if event <= 0 {
            return Some(InvalidFlag {
                message: format!("--{event_name} must be greater than 0, but is {event}"),
                server_message: format!(
                    "invalid audit truncate {backend} max event size {event}, must be a positive number"
                ),
                flag: event_name,
            });
        }
        (batch < event).then(|| InvalidFlag {
            message: format!("--{batch_name} ({batch}) must be at least --{event_name} ({event})"),
            server_message: format!(
                "invalid audit truncate {backend} max batch size {batch}, must be greater than max event size ({event})"
            ),
            flag: batch_name,
        })
    }

    fn validate_group_version(&self, name: &str) -> Option<InvalidFlag> {
        let version = self.text(name);
        let known = if self.minor >= ONLY_V1_SINCE { &["audit.k8s.io/v1"] } else { GROUP_VERSIONS };
        if known.contains(&version) {
            return None;
        }
        let server_message = if version.matches('/').count() > 1 {
            format!("unexpected GroupVersion string: {version}")
        } else {
            let quoted: Vec<String> = known.iter().map(|version| quote(version)).collect();
            format!("invalid group version, allowed versions are [{}]", quoted.join(" "))
        };
        let message = format!("--{name} must be {}, not {}", known.join(" or "), quote(version));
        Some(InvalidFlag { flag: name.to_owned(), message, server_message })
    }

    fn validate_format(&self) -> Option<InvalidFlag> {
        let format = self.text("audit-log-format");
        (!FORMATS.contains(&format)).then(|| InvalidFlag {
            flag: "audit-log-format".to_owned(),
            message: format!(
                "--audit-log-format must be one of {}, not {}",
                FORMATS.join(", "),
                quote(format)
            ),
            server_message: format!(
                "invalid audit log format {format}, allowed formats are {}",
                quote(&FORMATS.join(","))
            ),
        })
    }
}

/// The errors of an API server of the minor release `minor` in the audit flags of a list of arguments.
///
/// Other arguments are not validated. A flag that cannot be parsed is the only error, because the API server stops there.
#[must_use]
pub fn validate_list(occurrences: &[Occurrence], minor: u16) -> Vec<InvalidFlag> {
    let audit = || occurrences.iter().filter(|occurrence| occurrence.is_audit());
    if let Some(problem) = audit().find_map(|occurrence| validate_syntax(occurrence, minor)) {
        return vec![problem];
    }
    let last = |name: &str| audit().rfind(|occurrence| occurrence.flag == name);
    validate(|name| last(name).map(|found| found.value.as_deref().unwrap_or("true")), minor)
}

fn validate_syntax(occurrence: &Occurrence, minor: u16) -> Option<InvalidFlag> {
    let name = &occurrence.flag;
    let problem = |message, server_message| Some(InvalidFlag { flag: name.clone(), message, server_message });
    let Some(flag) = flag::find(name).filter(|flag| flag.is_in(minor)) else {
        return problem(
            format!("--{name} is not a flag of kube-apiserver 1.{minor}"),
            format!("unknown flag: --{}", occurrence.written),
        );
    };
    match (&occurrence.value, occurrence.form) {
        (Some(value), _) => value::parse(flag, value).err(),
        (None, Form::Bare) if flag.kind == Kind::Bool => None,
        (None, _) => problem(
            format!("--{name} has no value"),
            format!("flag needs an argument: --{}", occurrence.written),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::validate;

    fn messages(settings: &[(&str, &'static str)], minor: u16) -> Vec<String> {
        let value_of = |name: &str| settings.iter().find(|(flag, _)| *flag == name).map(|(_, value)| *value);
        validate(value_of, minor).into_iter().map(|problem| problem.server_message).collect()
    }

    #[test]
    fn the_defaults_are_valid_everywhere() {
        for minor in 16..=36 {
            let on = [("audit-log-path", "/a"), ("audit-webhook-config-file", "/b")];
            assert_eq!(messages(&on, minor), [""; 0], "1.{minor}");
        }
    }

    #[test]
    fn a_backend_that_is_off_is_not_checked() {
        assert_eq!(messages(&[("audit-log-maxage", "-1"), ("audit-webhook-mode", "x")], 30), [""; 0]);
    }

    #[test]
    fn older_group_versions_end_with_1_24() {
        let old = [("audit-log-path", "/a"), ("audit-log-version", "audit.k8s.io/v1beta1")];
        assert_eq!(messages(&old, 23), [""; 0]);
        assert_eq!(messages(&old, 24), ["invalid group version, allowed versions are [\"audit.k8s.io/v1\"]"]);
        let unknown = [("audit-log-path", "/a"), ("audit-log-version", "v1")];
        assert_eq!(
            messages(&unknown, 23),
            ["invalid group version, allowed versions are \
              [\"audit.k8s.io/v1alpha1\" \"audit.k8s.io/v1beta1\" \"audit.k8s.io/v1\"]"]
        );
    }
}
