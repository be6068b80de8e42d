//! What is asked and what is there, merged into the audit flags that the API server ends up with.
//!
//! Options given are set. An audit flag that is there and not named keeps its value. Defaults fill only what is
//! missing. So the result is a function of options and manifest, and a second run changes nothing.

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
use crate::audit::version::{KubernetesVersion, Standing};
use crate::diagnostic::Diagnostic;
use crate::go::visible;

/// A flag that the operator names, in any spelling that [`flag::find`] takes, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `audit-log-maxage`.
    pub flag: String,
    /// As typed.
    pub value: String,
}

/// Everything the merge depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The flags in the list that the API server reads, in its order; other than audit flags are passed over.
    pub there: &'a [Occurrence],
    /// What the operator names.
    pub asked: &'a [Asked],
    /// Whether audit flags that are there and not named are dropped.
    pub reset: bool,
    /// The backend whose flags go, unless they are named.
    pub without: Option<Backend>,
    /// The API server's version.
    pub version: &'a KubernetesVersion,
}

/// All occurrences of one flag, seen as one.
struct There {
    value: Option<String>,
    untidy: Vec<Untidy>,
}

/// Merges what is asked into what is there.
///
/// # Errors
///
/// Every reason at once why the API server would not start with the result, or why a value is not written.
pub fn merge(input: Input<'_>) -> Result<Merged, Vec<Diagnostic>> {
    let judged = input.version.judged().map_err(|refusal| vec![refusal])?;
    let there = gather(input.there);
    let mut merging =
        Merging { there: &there, entries: BTreeMap::new(), notes: Vec::new(), refusals: Vec::new() };
    if let Some(text) = input.version.note() {
        merging.notes.push(Diagnostic::warning(text).named("version-not-known"));
    }
    for asked in input.asked {
        merging.set(asked, input.version);
    }
    let mut dropped = Vec::new();
    for (name, found) in &there {
        if merging.entries.contains_key(name) {
            continue;
        }
        let superseded = name == WEBHOOK_BATCH_INITIAL_BACKOFF && merging.is_asked(WEBHOOK_INITIAL_BACKOFF);
        let backend = flag::find(name).map(|flag| flag.backend);
        let reason = if superseded {
            DropReason::Superseded { by: WEBHOOK_INITIAL_BACKOFF }
        } else if let Some(without) = input.without.filter(|without| backend == Some(*without)) {
            DropReason::Without(without)
        } else if input.reset {
            DropReason::Reset
        } else {
            merging.keep(name, found, input.version, judged.standing);
            continue;
        };
        dropped.push(Dropped { flag: name.clone(), value: found.value.clone(), reason });
    }
    merging.fill_defaults();
    // What a default replaces is changed, not dropped.
    dropped.retain(|dropped| !merging.entries.contains_key(&dropped.flag));
    merging.refuse_invalid(judged.minor);
    if !merging.refusals.is_empty() {
        return Err(merging.refusals);
    }
    let entries: Vec<Entry> = merging.entries.into_values().collect();
    let mut notes = merging.notes;
    notes.extend(remark(&entries, judged.minor));
    Ok(Merged { entries, dropped, notes })
}

fn gather(occurrences: &[Occurrence]) -> BTreeMap<String, There> {
    let mut all: BTreeMap<String, There> = BTreeMap::new();
    for occurrence in occurrences.iter().filter(|occurrence| occurrence.is_audit()) {
        let repeated = all.contains_key(&occurrence.flag);
        let found = all.entry(occurrence.flag.clone()).or_insert(There { value: None, untidy: Vec::new() });
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

impl There {
    /// The value that counts; a bare bool is true, a bare flag of another kind has none.
    fn value_for(&self, flag: &AuditFlag) -> Option<&str> {
        self.value.as_deref().or((flag.kind == Kind::Bool).then_some("true"))
    }
}

struct Merging<'a> {
    there: &'a BTreeMap<String, There>,
    entries: BTreeMap<String, Entry>,
    notes: Vec<Diagnostic>,
    refusals: Vec<Diagnostic>,
}

impl Merging<'_> {
    fn is_asked(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.origin == Origin::Asked)
    }

    /// Takes over what the operator names.
    fn set(&mut self, asked: &Asked, version: &KubernetesVersion) {
        let Some(flag) = flag::find(&asked.flag) else {
            self.refusals.push(flag::refuse_unknown(&asked.flag));
            return;
        };
        let acceptable = flag.available_in(version).and_then(|()| value::accept(flag, &asked.value));
        if let Err(refusal) = acceptable {
            self.refusals.push(refusal);
            return;
        }
        // The old name is written as the new one, as soon as the release has that.
        let flag = flag
            .deprecated
            .and_then(flag::find)
            .filter(|instead| instead.available_in(version).is_ok())
            .unwrap_or(flag);
        if let Some(earlier) = self.entries.get(flag.name).filter(|earlier| earlier.value != asked.value) {
            self.refusals.push(
                Diagnostic::error(format!(
                    "--{} is asked for as `{}` and as `{}`",
                    flag.name, earlier.value, asked.value
                ))
                .help("give it once"),
            );
            return;
        }
        self.insert(flag, &asked.value, Origin::Asked);
    }

    fn insert(&mut self, flag: &AuditFlag, value: &str, origin: Origin) {
        let change = match self.there.get(flag.name) {
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

    /// Keeps what is there, unless the API server would not start with it.
    fn keep(&mut self, name: &str, found: &There, version: &KubernetesVersion, standing: Standing) {
        let Some(flag) = flag::find(name) else {
            self.keep_unknown(name, found, standing);
            return;
        };
        if let Err(refusal) = flag.available_in(version) {
            self.refusals.push(refusal);
            return;
        }
        let way_out = format!("Set it with --{}, or drop what is not named with --reset", flag.option());
        let Some(value) = found.value_for(flag) else {
            self.refusals.push(Diagnostic::error(format!("--{name} is there without a value")).help(way_out));
            return;
        };
        let parsed = if is_expanded(value) { Ok(()) } else { value::parse(flag, value) };
        match parsed {
            Ok(()) => self.insert(flag, value, Origin::Kept),
            Err(unparsable) => self.refusals.push(
                Diagnostic::error(format!("{}; it is there already", unparsable.plain))
                    .help(format!("the API server would say: {}", unparsable.server))
                    .help(way_out),
            ),
        }
    }

    fn keep_unknown(&mut self, name: &str, found: &There, standing: Standing) {
        if standing != Standing::Newer {
            self.refusals.push(
                flag::refuse_unknown(name)
                    .help("it is there already; the API server does not start with it; --reset drops it"),
            );
            return;
        }
        let text = format!(
            "--{name} is not known to kaudit and is kept, because this release is newer than kaudit knows"
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

    /// Fills what is missing: a log file where there is no backend, and its retention where there is a log file.
    fn fill_defaults(&mut self) {
        let is_set = |entries: &BTreeMap<String, Entry>, name| {
            entries.get(name).is_some_and(|e: &Entry| !e.value.is_empty())
        };
        if !is_set(&self.entries, LOG_PATH) && !is_set(&self.entries, WEBHOOK_CONFIG_FILE) {
            // An empty path that is there turns the log off, which is not worth keeping when nothing else is on.
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
            self.refusals.push(
                Diagnostic::error(problem.plain)
                    .help(format!("the API server would say: {}", visible(&problem.server)))
                    .help(format!("set it with --{option}")),
            );
        }
    }
}
