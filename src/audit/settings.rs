//! Merges the requested audit flags into the existing ones.
//!
//! Requested flags are set. An existing audit flag that is not requested keeps its value. Defaults are set only for missing
//! flags. So the result is a function of options and manifest, and a second run changes nothing.

use std::collections::BTreeMap;

use crate::audit::argv::{Form, Occurrence};
use crate::audit::flag::{
    self, AuditFlag, Backend, Kind, LOG_PATH, WEBHOOK_BATCH_INITIAL_BACKOFF, WEBHOOK_CONFIG_FILE,
    WEBHOOK_INITIAL_BACKOFF,
};
use crate::audit::merged::{Change, DropReason, Dropped, Entry, Merged, Origin, Untidy};
use crate::audit::notes::{RETENTION_FLOORS, remark};
use crate::audit::validate::validate;
use crate::audit::value::{self, STANDARD_OUTPUT, is_expanded};
use crate::audit::version::{KubernetesVersion, Support};
use crate::diagnostic::Diagnostic;

/// A flag that the operator requests, in any spelling that [`flag::find`] accepts, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedFlag {
    /// `audit-log-maxage`.
    pub flag: String,
    /// As typed.
    pub value: String,
}

/// The input of [`merge`].
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The existing flags of the API server in their order; other flags than audit flags are ignored.
    pub existing: &'a [Occurrence],
    /// The flags that the operator requests.
    pub requested: &'a [RequestedFlag],
    /// Whether existing audit flags that are not requested are removed.
    pub reset: bool,
    /// The backend whose flags are removed, unless they are requested.
    pub without: Option<Backend>,
    /// The API server's version.
    pub version: &'a KubernetesVersion,
}

/// All occurrences of an existing flag.
struct Existing {
    value: Option<String>,
    untidy: Vec<Untidy>,
}

/// Merges the requested flags into the existing ones.
///
/// # Errors
///
/// All reasons why the API server would not start with the result, or why a value is not written.
pub fn merge(input: Input<'_>) -> Result<Merged, Vec<Diagnostic>> {
    let release = input.version.closest_release().map_err(Diagnostic::alone)?;
    let existing = gather(input.existing);
    let mut merging = Merging {
        existing: &existing,
        entries: BTreeMap::new(),
        notes: input.version.warning().into_iter().collect(),
        refusals: Vec::new(),
    };
    for flag in input.requested {
        merging.set(flag, input.version);
    }
    let mut dropped = Vec::new();
    for (name, found) in &existing {
        if merging.entries.contains_key(name) {
            continue;
        }
        let superseded =
            name == WEBHOOK_BATCH_INITIAL_BACKOFF && merging.is_requested(WEBHOOK_INITIAL_BACKOFF);
        let backend = flag::find(name).map(|flag| flag.backend);
        let reason = if superseded {
            DropReason::Superseded { by: WEBHOOK_INITIAL_BACKOFF }
        } else if let Some(without) = input.without.filter(|without| backend == Some(*without)) {
            DropReason::Without(without)
        } else if input.reset {
            DropReason::Reset
        } else {
            merging.keep(name, found, input.version, release.support);
            continue;
        };
        dropped.push(Dropped { flag: name.clone(), value: found.value.clone(), reason });
    }
    merging.fill_defaults();
    // A flag that a default replaces is changed, not removed.
    dropped.retain(|dropped| !merging.entries.contains_key(&dropped.flag));
    merging.refuse_invalid(release.minor);
    if !merging.refusals.is_empty() {
        return Err(merging.refusals);
    }
    let entries: Vec<Entry> = merging.entries.into_values().collect();
    let mut notes = merging.notes;
    notes.extend(remark(&entries, release.minor));
    Ok(Merged { entries, dropped, notes })
}

fn gather(occurrences: &[Occurrence]) -> BTreeMap<String, Existing> {
    let mut all: BTreeMap<String, Existing> = BTreeMap::new();
    for occurrence in occurrences.iter().filter(|occurrence| occurrence.is_audit()) {
        let repeated = all.contains_key(&occurrence.flag);
        let found =
            all.entry(occurrence.flag.clone()).or_insert(Existing { value: None, untidy: Vec::new() });
        found.value.clone_from(&occurrence.value);
        found.untidy.extend(repeated.then_some(Untidy::Duplicate));
        found.untidy.extend((occurrence.form == Form::TwoItems).then_some(Untidy::TwoItems));
        found.untidy.extend((occurrence.written != occurrence.flag).then_some(Untidy::Underscores));
    }
    for found in all.values_mut() {
        found.untidy.sort_unstable();
        found.untidy.dedup();
    }
    all
}

impl Existing {
    /// The effective value; a bare bool is true, a bare flag of another kind has none.
    fn value_for(&self, flag: &AuditFlag) -> Option<&str> {
        self.value.as_deref().or((flag.kind == Kind::Bool).then_some("true"))
    }
}

struct Merging<'a> {
    existing: &'a BTreeMap<String, Existing>,
    entries: BTreeMap<String, Entry>,
    notes: Vec<Diagnostic>,
    refusals: Vec<Diagnostic>,
}

impl Merging<'_> {
    fn is_requested(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.origin == Origin::Requested)
    }

    /// Sets a flag that the operator requests.
    fn set(&mut self, requested: &RequestedFlag, version: &KubernetesVersion) {
        let Some(flag) = flag::find(&requested.flag) else {
            self.refusals.push(flag::refuse_unknown(&requested.flag));
            return;
        };
        let acceptable = flag.available_in(version).and_then(|()| value::accept(flag, &requested.value));
        if let Err(refusal) = acceptable {
            self.refusals.push(refusal);
            return;
        }
        // The deprecated name is replaced by the new one, if the release has it.
        let flag = flag
            .deprecated
            .and_then(flag::find)
            .filter(|instead| instead.available_in(version).is_ok())
            .unwrap_or(flag);
        if let Some(earlier) = self.entries.get(flag.name).filter(|earlier| earlier.value != requested.value)
        {
            self.refusals.push(
                Diagnostic::error(format!(
                    "--{} is given twice, as `{}` and as `{}`",
                    flag.name, earlier.value, requested.value
                ))
                .help("give it only once"),
            );
            return;
        }
        self.insert(flag, &requested.value, Origin::Requested);
    }

    fn insert(&mut self, flag: &AuditFlag, value: &str, origin: Origin) {
        let change = match self.existing.get(flag.name) {
            None => Change::New,
            Some(found) => match found.value_for(flag) {
                Some(old) if old == value && found.untidy.is_empty() => Change::Same,
                Some(old) if old == value => Change::Normalised { why: found.untidy.clone() },
                old => Change::Changed { from: old.unwrap_or_default().to_owned() },
            },
        };
        let entry = Entry { flag: flag.name.to_owned(), value: value.to_owned(), origin, change };
        self.entries.insert(flag.name.to_owned(), entry);
    }

    /// Keeps an existing flag, unless the API server would not start with it.
    fn keep(&mut self, name: &str, found: &Existing, version: &KubernetesVersion, support: Support) {
        let Some(flag) = flag::find(name) else {
            self.keep_unknown(name, found, support);
            return;
        };
        if let Err(refusal) = flag.available_in(version) {
            self.refusals.push(refusal);
            return;
        }
        let help = format!("set it with --{}, or remove it with --reset", flag.option());
        let Some(value) = found.value_for(flag) else {
            let refusal = Diagnostic::error(format!("--{name} has no value in the manifest"));
            self.refusals.push(refusal.help(help));
            return;
        };
        let parsed = if is_expanded(value) { Ok(()) } else { value::parse(flag, value) };
        match parsed {
            Ok(()) => self.insert(flag, value, Origin::Kept),
            Err(mut invalid) => {
                invalid.message.push_str(" (current value in the manifest)");
                self.refusals.push(invalid.diagnostic().help(help));
            }
        }
    }

    fn keep_unknown(&mut self, name: &str, found: &Existing, support: Support) {
        if support != Support::Newer {
            self.refusals.push(flag::refuse_unknown(name).help(
                "it is in the manifest, and the API server does not start with it: remove it with --reset",
            ));
            return;
        }
        let text = format!(
            "--{name} is unknown, and is kept because this Kubernetes release is newer than the newest that kaudit knows"
        );
        self.notes.push(Diagnostic::warning(text).named("unknown-flag-kept"));
        let entry = Entry {
            flag: name.to_owned(),
            value: found.value.clone().unwrap_or_default(),
            origin: Origin::Kept,
            change: Change::Same,
        };
        self.entries.insert(name.to_owned(), entry);
    }

    /// Sets defaults for missing flags: a log file if there is no backend, and its retention if there is a log file.
    fn fill_defaults(&mut self) {
        let is_set = |entries: &BTreeMap<String, Entry>, name| {
            entries.get(name).is_some_and(|e: &Entry| !e.value.is_empty())
        };
        if !is_set(&self.entries, LOG_PATH) && !is_set(&self.entries, WEBHOOK_CONFIG_FILE) {
            // An existing empty path turns the log off; it is not kept if no other backend is on.
            self.entries.remove(LOG_PATH);
            self.fill(LOG_PATH);
        }
        let logs_to_file =
            self.entries.get(LOG_PATH).is_some_and(|e| !["", STANDARD_OUTPUT].contains(&e.value.as_str()));
        if logs_to_file {
            for (name, _) in RETENTION_FLOORS {
                self.fill(name);
            }
        }
    }

    fn fill(&mut self, name: &str) {
        let default = flag::find(name).and_then(|flag| Some((flag, flag.filled?)));
        if let Some((flag, value)) = default.filter(|_| !self.entries.contains_key(name)) {
            self.insert(flag, value, Origin::Default);
        }
    }

    fn refuse_invalid(&mut self, minor: u16) {
        let value_of = |name: &str| {
            let value = self.entries.get(name).map(|entry| entry.value.as_str());
            value.filter(|value| !is_expanded(value))
        };
        for problem in validate(value_of, minor) {
            let option = problem.flag.strip_prefix(flag::AUDIT_PREFIX).unwrap_or(&problem.flag);
            self.refusals.push(problem.diagnostic().help(format!("set it with --{option}")));
        }
    }
}
