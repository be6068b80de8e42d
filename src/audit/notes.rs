//! What is worth saying about the settings that an API server ends up with, as data.

use crate::audit::disk::ZERO_MAXSIZE_DISABLES_SINCE;
use crate::audit::flag::{
    self, Backend, DYNAMIC_CONFIGURATION, LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH, POLICY_FILE,
};
use crate::audit::merged::{Entry, Origin};
use crate::audit::pflag::{parse_bool, parse_int};
use crate::audit::validate::ONLY_V1_SINCE;
use crate::audit::value::{STANDARD_OUTPUT, is_expanded};
use crate::diagnostic::Diagnostic;

/// The three retention flags with the least value that CIS and STIG pass.
pub const RETENTION_FLOORS: [(&str, i64); 3] = [(LOG_MAXAGE, 30), (LOG_MAXBACKUP, 10), (LOG_MAXSIZE, 100)];

/// All remarks about the final settings in a minor release, in a fixed order.
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
        match self.entry(name) {
            Some(entry) => &entry.value,
            None => flag::find(name).map_or("", |flag| flag.default_in(self.minor)),
        }
    }

    fn logs_to_file(&self) -> bool {
        !["", STANDARD_OUTPUT].contains(&self.value(LOG_PATH))
    }

    fn remark_policy(&self) -> Option<Diagnostic> {
        self.value(POLICY_FILE).is_empty().then(|| {
            warning("no-policy", "without --audit-policy-file the API server records no event at all")
                .help("--policy default")
        })
    }

    fn remark_log_path(&self) -> Option<Diagnostic> {
        match self.value(LOG_PATH) {
            STANDARD_OUTPUT => Some(
                info("log-to-stdout", "audit events go to the container's log, which the kubelet rotates")
                    .help("--log-path /var/log/kubernetes/audit/audit.log writes a file of its own"),
            ),
            path if !path.is_empty() && !path.starts_with('/') => Some(
                warning(
                    "relative-log-path",
                    format!("--{LOG_PATH} {path} starts at the container's working directory"),
                )
                .help("--log-path /var/log/kubernetes/audit/audit.log"),
            ),
            _ => None,
        }
    }

    /// Zero is outside of what a benchmark passes, and means something that its reader may not expect.
    fn remark_retention(&self, name: &str, floor: i64) -> Option<Diagnostic> {
        let number = parse_int(self.value(name)).ok().filter(|number| *number < floor)?;
        let kept = match self.entry(name).map(|entry| entry.origin) {
            Some(Origin::Kept) => "is kept as it is there and ",
            _ => "",
        };
        let option = name.strip_prefix(flag::AUDIT_PREFIX).unwrap_or(name);
        let hint = format!("--{option} {floor}");
        let (id, meaning) = match (name, number) {
            (LOG_MAXAGE, 0) => ("maxage-zero", "removes no file for its age, and fails CIS 1.2.17"),
            (LOG_MAXBACKUP, 0) => {
                ("maxbackup-zero", "removes no file for their number, and fails CIS 1.2.18")
            }
            (LOG_MAXSIZE, 0) if self.minor >= ZERO_MAXSIZE_DISABLES_SINCE => (
                "maxsize-zero",
                "never rotates the file (since 1.36; before, it meant 100 MB), and fails CIS 1.2.19",
            ),
            (LOG_MAXSIZE, 0) => {
                ("maxsize-zero", "means 100 MB (and no rotation from 1.36 on), and fails CIS 1.2.19")
            }
            (LOG_MAXAGE, _) => ("maxage-low", "fails CIS 1.2.17, which wants at least 30 days"),
            (LOG_MAXBACKUP, _) => ("maxbackup-low", "fails CIS 1.2.18, which wants at least 10 files"),
            _ => ("maxsize-low", "fails CIS 1.2.19, which wants at least 100 MB"),
        };
        Some(warning(id, format!("--{name}={number} {kept}{meaning}")).help(hint))
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
                    format!("--audit-{name}-mode=blocking-strict fails requests that cannot be audited"),
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
                    "--audit-webhook-mode=blocking makes every request wait for the webhook",
                )
                .help("--webhook-mode batch"),
            ),
            _ => None,
        }
    }

    fn is_off(&self, backend: Backend) -> bool {
        backend.switch().is_some_and(|switch| self.value(switch).is_empty())
    }

    /// Options that somebody asks for now, and that nothing reads.
    fn remark_unused(&self, backend: Backend) -> Vec<Diagnostic> {
        let name = backend.name();
        let asked = |start: String| -> Vec<String> {
            let is_asked = |entry: &&Entry| entry.origin == Origin::Asked && entry.flag.starts_with(&start);
            self.entries.iter().filter(is_asked).map(|entry| format!("--{}", entry.flag)).collect()
        };
        if self.is_off(backend) {
            let switch = backend.switch().and_then(flag::find).map_or("", |flag| flag.option());
            let all = asked(format!("audit-{name}-"));
            return unused("backend-off", &all, &format!("without --{switch}"), &format!("--{switch}"))
                .into_iter()
                .collect();
        }
        let mut notes = Vec::new();
        if self.value(&format!("audit-{name}-mode")) != "batch" {
            let batch = asked(format!("audit-{name}-batch-"));
            let mode = format!("--{name}-mode batch");
            notes.extend(unused("batch-off", &batch, "outside of batch mode", &mode));
        }
        if !parse_bool(self.value(&format!("audit-{name}-truncate-enabled"))).unwrap_or_default() {
            let sizes = asked(format!("audit-{name}-truncate-max-"));
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
            warning("old-event-version", format!("--{name}={version} ends with Kubernetes 1.{ONLY_V1_SINCE}"))
                .help(format!("--{backend}-version audit.k8s.io/v1"))
        })
    }

    fn remark_entry(&self, entry: &Entry) -> Vec<Diagnostic> {
        let Entry { flag: name, value, .. } = entry;
        let mut notes = Vec::new();
        if is_expanded(value) {
            notes.push(warning(
                "expanded-value",
                format!("--{name}={value} is expanded by the kubelet, so kaudit cannot judge its value"),
            ));
        }
        if let Some(instead) = flag::find(name).and_then(|flag| flag.deprecated) {
            notes.push(warning("deprecated", format!("--{name} is deprecated in favour of --{instead}")));
        }
        if name == DYNAMIC_CONFIGURATION {
            notes.push(warning(
                "dynamic-configuration",
                format!("--{name} needs the feature gate DynamicAuditing, and Kubernetes 1.19 does not start with it"),
            ));
        }
        if name == "audit-log-format" && value == "legacy" && !self.is_off(Backend::Log) {
            notes.push(
                warning(
                    "legacy-format",
                    "--audit-log-format=legacy writes no bodies, whatever the policy says",
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
            .help(format!("add {hint}, or leave {them} out"))
    })
}

fn warning(id: &'static str, text: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(text).named(id)
}

fn info(id: &'static str, text: impl Into<String>) -> Diagnostic {
    Diagnostic::info(text).named(id)
}
