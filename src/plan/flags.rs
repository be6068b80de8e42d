//! Audit settings → edits of the flag list.

use crate::audit::argv::{self, Form, Occurrence};
use crate::audit::merged::{Change, DropReason, Merged, Origin, Untidy};
use crate::diagnostic::Diagnostic;
use crate::manifest::{ApiServer, Argument, Manifest};
use crate::yaml::{Edit, Path};
use serde_json::Value;
use std::collections::BTreeMap;

/// The value of a flag without a value.
pub(super) const BARE_VALUE: &str = "true";

/// The present audit flags, in the order of the command line.
#[must_use]
pub fn audit_flags_there(api_server: &ApiServer) -> Vec<Occurrence> {
    argv::scan_audit(&api_server.arguments())
}

/// The edits after which the audit flags are exactly `wanted` (name → value), each once and in `--name=value` form.
///
/// A present flag is replaced where it takes effect: at its last occurrence, because the last one wins.
pub(super) fn edit_flags(manifest: &Manifest, wanted: &BTreeMap<String, String>) -> Vec<Edit> {
    let api_server = manifest.api_server();
    let there = audit_flags_there(api_server);
    let mut edits = Vec::new();
    for (position, occurrence) in there.iter().enumerate() {
        let is_last = !there.iter().skip(position + 1).any(|later| later.flag == occurrence.flag);
        let words: Vec<&Argument> =
            api_server.words.iter().skip(occurrence.item).take(occurrence.items).collect();
        let mut words = words.into_iter();
        let (Some(head), value) = (words.next(), words.next()) else { continue };
        match wanted.get(&occurrence.flag) {
            // A bare bool stays bare: it says the same.
            Some(wanted_value) if is_last && occurrence.form == Form::Bare && wanted_value == BARE_VALUE => {}
            Some(wanted_value) if is_last => {
                let text = item(&occurrence.flag, wanted_value);
                if head.text != text {
                    edits.push(Edit::Set { path: word_path(manifest, head), value: Value::String(text) });
                }
            }
            _ => edits.push(Edit::Remove { path: word_path(manifest, head) }),
        }
        if let Some(value) = value {
            edits.push(Edit::Remove { path: word_path(manifest, value) });
        }
    }
    let list = manifest.container_path().key(api_server.list.key());
    for (name, value) in wanted {
        if !there.iter().any(|occurrence| occurrence.flag == *name) {
            let text = item(name, value);
            let index = place_of(api_server, &text);
            edits.push(Edit::Insert { path: list.clone(), index, value: Value::String(text) });
        }
    }
    edits
}

/// Notes about present flags that were not requested: kept, normalised, removed.
pub(super) fn remark_flags(settings: &Merged) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let kept: Vec<String> = settings
        .entries
        .iter()
        .filter(|entry| entry.origin == Origin::Kept)
        .map(|entry| item(&entry.flag, &entry.value))
        .collect();
    if !kept.is_empty() {
        notes.push(Diagnostic::info(format!("kept flags: {}", kept.join(" "))));
    }
    for entry in &settings.entries {
        if let Change::Normalised { why } = &entry.change {
            let why: Vec<&str> = why.iter().map(|untidy| reason_to_tidy(*untidy)).collect();
            notes.push(Diagnostic::info(format!("--{} is rewritten: {}", entry.flag, why.join(", "))));
        }
    }
    for dropped in &settings.dropped {
        let value = dropped.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        notes.push(Diagnostic::info(match dropped.reason {
            DropReason::Reset => {
                format!("--{}{value} is removed: --reset is given and the flag is not", dropped.flag)
            }
            DropReason::Without(backend) => {
                format!("--{}{value} is removed: --no-{} is given", dropped.flag, backend.name())
            }
            DropReason::Superseded { by } => {
                format!("--{}{value} is removed: --{by} replaces it", dropped.flag)
            }
        }));
    }
    notes
}

fn reason_to_tidy(untidy: Untidy) -> &'static str {
    match untidy {
        Untidy::Duplicate => "it was given more than once, and only the last one counts",
        Untidy::TwoItems => "its value was a separate argument, which scanners do not find",
        Untidy::Underscores => "its name had underscores, which scanners do not find",
    }
}

/// Adds the position of the flag to refusals about present flags.
pub(super) fn point_at_flags(
    manifest: &Manifest,
    there: &[Occurrence],
    refusals: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let point = |refusal: Diagnostic| {
        let named = there.iter().rev().find(|occurrence| {
            let name = format!("--{}", occurrence.flag);
            refusal.message.split([' ', ',', ':', '=']).any(|word| word == name)
        });
        let word = named.and_then(|occurrence| manifest.api_server().words.get(occurrence.item));
        match word {
            Some(word) => manifest.document().point(refusal, &word_path(manifest, word)),
            None => refusal,
        }
    };
    refusals.into_iter().map(point).collect()
}

/// Refuses an audit flag with one dash: pflag reads it as a bundle of short flags, and the API server does not start.
///
/// # Errors
/// The first such argument, with its position.
pub(super) fn refuse_single_dashes(manifest: &Manifest) -> Result<(), Diagnostic> {
    let Some(word) = manifest.api_server().words.iter().find(|word| word.text.starts_with("-audit")) else {
        return Ok(());
    };
    let refusal =
        Diagnostic::error(format!("{} has only one dash: kube-apiserver does not start with it", word.text))
            .help(format!("write -{}", word.text));
    Err(manifest.document().point(refusal, &word_path(manifest, word)))
}

fn item(name: &str, value: &str) -> String {
    format!("--{name}={value}")
}

fn word_path(manifest: &Manifest, word: &Argument) -> Path {
    manifest.container_path().key(word.list.key()).index(word.index)
}

/// The index in the list for a new flag: kubeadm writes the flags sorted, and a sorted list stays sorted, so that the
/// manifest is as kubeadm would write it with the same settings. Otherwise after the last audit flag, or at the end. Never
/// after `--`, which ends the flags.
fn place_of(api_server: &ApiServer, text: &str) -> usize {
    let own: Vec<&Argument> = api_server.words.iter().filter(|word| word.list == api_server.list).collect();
    let end = own.iter().find(|word| word.text == "--").map_or(api_server.len, |word| word.index);
    let heads: Vec<&Argument> =
        own.iter().filter(|word| word.text.starts_with("--") && word.index < end).copied().collect();
    for key in [name_of, whole] {
        let sorted = heads.iter().zip(heads.iter().skip(1)).all(|(a, b)| key(&a.text) <= key(&b.text));
        if sorted {
            return heads.iter().find(|head| key(&head.text) > key(text)).map_or(end, |head| head.index);
        }
    }
    let last_audit = heads.iter().rposition(|head| head.text.starts_with("--audit-"));
    last_audit.and_then(|position| heads.get(position + 1)).map_or(end, |next| next.index)
}

/// kubeadm from 1.31 on sorts by flag name.
fn name_of(item: &str) -> &str {
    item.split('=').next().unwrap_or(item)
}

/// kubeadm before that sorts the whole items.
fn whole(item: &str) -> &str {
    item
}
