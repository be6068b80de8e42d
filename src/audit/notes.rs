//! Warnings and remarks about the resulting settings of an API server.

use crate::audit::disk::ZERO_MAXSIZE_DISABLES_SINCE;
use crate::audit::flag::{
    self, Backend, DYNAMIC_CONFIGURATION, LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH, POLICY_FILE,
};
use crate::audit::merged::{Entry, Origin};
use crate::audit::pflag::{parse_bool, parse_int};
use crate::audit::validate::ONLY_V1_SINCE;
use crate::audit::value::{STANDARD_OUTPUT, is_expanded};
use crate::diagnostic::Diagnostic;

/// The three retention flags with the lowest value that satisfies CIS and STIG.
pub const RETENTION_FLOORS: [(&str, i64); 3] = [(LOG_MAXAGE, 30), (LOG_MAXBACKUP, 10), (LOG_MAXSIZE, 100)];

/// All remarks about the resulting settings in a minor release, in a fixed order.
#[must_use]
pub fn remark(entries: &[Entry], minor: u16) -> Vec<Diagnostic> {
    let settings = Settings { entries, minor };
    let mut notes = Vec::new();
    notes.extend(settings.remark_policy());
    notes.extend(settings.remark_log_path());
    if settings.logs_to_file() {
        notes.extend(
            RETENTION_FLOORS.into_iter().filter_map(|(name, floor)| settings.remark_retention(name, floor)),
        );
    }
    for backend in [Backend::Log, Backend::Webhook] {
        notes.extend(settings.remark_mode(backend));
        notes.extend(settings.remark_unused(backend));
        notes.extend(settings.remark_version(backend));
    }
    notes.extend(entries.iter().flat_map(|entry| settings.remark_entry(entry)));
    notes
}

struct Settings<'a> {
    entries: &'a [Entry],
    minor: u16,
}

impl Settings<'_> {
    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.flag == name)
    }

    fn value(&self, name: &str) -> &str {
        self.entry(name).map_or_else(|| flag::default_in(name, self.minor), |entry| &entry.value)
    }

    fn logs_to_file(&self) -> bool {
        !["", STANDARD_OUTPUT].contains(&self.value(LOG_PATH))
    }

    fn remark_policy(&self) -> Option<Diagnostic> {
        self.value(POLICY_FILE).is_empty().then(|| {
            warning("no-policy", "without --audit-policy-file the API server does not log any events")
                .help("--policy default")
        })
    }

    fn remark_log_path(&self) -> Option<Diagnostic> {
        match self.value(LOG_PATH) {
            STANDARD_OUTPUT => Some(
                info(
                    "log-to-stdout",
                    "audit events are written to the container's log, which the kubelet rotates",
                )
                .help("write them to a separate file: --log-path /var/log/kubernetes/audit/audit.log"),
            ),
            path if !path.is_empty() && !path.starts_with('/') => Some(
                warning(
                    "relative-log-path",
                    format!("--{LOG_PATH}={path} is relative to the container's working directory"),
                )
                .help("use an absolute path: --log-path /var/log/kubernetes/audit/audit.log"),
            ),
            _ => None,
        }
    }

    /// Values below those that benchmarks require. Zero has special meanings.
    fn remark_retention(&self, name: &str, floor: i64) -> Option<Diagnostic> {
        let number = parse_int(self.value(name)).ok().filter(|number| *number < floor)?;
        let kept = match self.entry(name).map(|entry| entry.origin) {
            Some(Origin::Kept) => " (current value, kept)",
            _ => "",
        };
        let option = name.strip_prefix(flag::AUDIT_PREFIX).unwrap_or(name);
        let (id, meaning) = match (name, number) {
            (LOG_MAXAGE, 0) => {
                ("maxage-zero", "does not limit the age of rotated files, and fails CIS 1.2.17")
            }
            (LOG_MAXBACKUP, 0) => {
                ("maxbackup-zero", "does not limit the number of rotated files, and fails CIS 1.2.18")
            }
            (LOG_MAXSIZE, 0) if self.minor >= ZERO_MAXSIZE_DISABLES_SINCE => {
                ("maxsize-zero", "turns off rotation (100 MB before Kubernetes 1.36), and fails CIS 1.2.19")
            }
            (LOG_MAXSIZE, 0) => {
                ("maxsize-zero", "means 100 MB (no rotation from Kubernetes 1.36 on), and fails CIS 1.2.19")
            }
            (LOG_MAXAGE, _) => ("maxage-low", "fails CIS 1.2.17, which requires at least 30 days"),
            (LOG_MAXBACKUP, _) => ("maxbackup-low", "fails CIS 1.2.18, which requires at least 10 files"),
            _ => ("maxsize-low", "fails CIS 1.2.19, which requires at least 100 MB"),
        };
        Some(warning(id, format!("--{name}={number}{kept} {meaning}")).help(format!("--{option} {floor}")))
    }

    fn remark_mode(&self, backend: Backend) -> Option<Diagnostic> {
        if self.is_off(backend) {
            return None;
        }
        let name = backend.name();
        match (backend, self.value(&format!("audit-{name}-mode"))) {
            (_, "blocking-strict") => Some(
                warning(
                    "blocking-strict",
                    format!("--audit-{name}-mode=blocking-strict rejects requests that cannot be audited"),
                )
                .help(if backend == Backend::Log {
                    "--log-mode blocking"
                } else {
                    "--webhook-mode batch"
                }),
            ),
            (Backend::Webhook, "blocking") => Some(
                warning(
                    "webhook-blocking",
                    "--audit-webhook-mode=blocking delays every request until the webhook has answered",
                )
                .help("--webhook-mode batch"),
            ),
            _ => None,
        }
    }

    fn is_off(&self, backend: Backend) -> bool {
        backend.switch().is_some_and(|switch| self.value(switch).is_empty())
    }

    /// Requested options that have no effect.
    fn remark_unused(&self, backend: Backend) -> Vec<Diagnostic> {
        let name = backend.name();
        let requested = |start: String| -> Vec<String> {
            let is_requested =
                |entry: &&Entry| entry.origin == Origin::Requested && entry.flag.starts_with(&start);
            self.entries.iter().filter(is_requested).map(|entry| format!("--{}", entry.flag)).collect()
        };
        if self.is_off(backend) {
            let switch = backend.switch().and_then(flag::find).map_or("", |flag| flag.option());
            let all = requested(format!("audit-{name}-"));
            return unused("backend-off", &all, &format!("without --{switch}"), &format!("--{switch}"))
                .into_iter()
                .collect();
        }
        let mut notes = Vec::new();
        if self.value(&format!("audit-{name}-mode")) != "batch" {
            let batch = requested(format!("audit-{name}-batch-"));
            let mode = format!("--{name}-mode batch");
            notes.extend(unused("batch-off", &batch, "outside of batch mode", &mode));
        }
        if !parse_bool(self.value(&format!("audit-{name}-truncate-enabled"))).unwrap_or_default() {
            let sizes = requested(format!("audit-{name}-truncate-max-"));
            let enable = format!("--{name}-truncate-enabled true");
            notes.extend(unused("truncate-off", &sizes, "while truncation is off", &enable));
        }
        notes
    }

    fn remark_version(&self, backend: Backend) -> Option<Diagnostic> {
        let backend = backend.name();
        let name = format!("audit-{backend}-version");
        let version = self.value(&name);
        let old = self.minor < ONLY_V1_SINCE && version != "audit.k8s.io/v1" && self.entry(&name).is_some();
        old.then(|| {
            warning(
                "old-event-version",
                format!("--{name}={version} is not supported from Kubernetes 1.{ONLY_V1_SINCE} on"),
            )
            .help(format!("--{backend}-version audit.k8s.io/v1"))
        })
    }

    fn remark_entry(&self, entry: &Entry) -> Vec<Diagnostic> {
        let Entry { flag: name, value, .. } = entry;
        let mut notes = Vec::new();
        if is_expanded(value) {
            notes.push(warning(
                "expanded-value",
                format!("the kubelet expands --{name}={value}, so kaudit cannot check its value"),
            ));
        }
        if let Some(instead) = flag::find(name).and_then(|flag| flag.deprecated) {
            notes.push(warning("deprecated", format!("--{name} is deprecated; use --{instead}")));
        }
        if name == DYNAMIC_CONFIGURATION {
            notes.push(warning(
                "dynamic-configuration",
                format!(
                    "--{name} requires the feature gate DynamicAuditing, and was removed in Kubernetes 1.19"
                ),
            ));
        }
        if name == "audit-log-format" && value == "legacy" && !self.is_off(Backend::Log) {
            notes.push(
                warning(
                    "legacy-format",
                    "--audit-log-format=legacy does not log request and response bodies, even if the policy requires them",
                )
                .help("--log-format json"),
            );
        }
        notes
    }
}

fn unused(id: &'static str, flags: &[String], when: &str, hint: &str) -> Option<Diagnostic> {
    let (verb, them) = if flags.len() == 1 { ("has", "it") } else { ("have", "them") };
    (!flags.is_empty()).then(|| {
        warning(id, format!("{} {verb} no effect {when}", flags.join(", ")))
            .help(format!("add {hint}, or omit {them}"))
    })
}

fn warning(id: &'static str, text: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(text).named(id)
}

fn info(id: &'static str, text: impl Into<String>) -> Diagnostic {
    Diagnostic::info(text).named(id)
}
