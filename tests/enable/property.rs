//! Random manifests through `enable`, `enable` again and `disable`, all in memory: the requested flags exist, nothing
//! else changes, a second `enable` changes nothing, and `disable` restores the original bytes.

use kaudit::file::FileState;
use kaudit::generation::History;
use kaudit::manifest::Manifest;
use kaudit::plan::{PolicyWanted, Wanted};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::generate;
use super::memory::{manifest_after, observe, plan_enable, plan_off, record, state};
use crate::yaml::choices::{Choices, seeded_runner};

const DEFAULT_CASES: u32 = 400;

/// What a run over many cases came to, so that a property that holds because all is refused is noticed.
#[derive(Debug, Default)]
struct Tally {
    edited: usize,
    edits: usize,
    refused: BTreeMap<String, usize>,
}

#[test]
fn enable_and_disable_hold_on_random_manifests() {
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(DEFAULT_CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let tally = RefCell::new(Tally::default());
    let outcome = seeded_runner(config).run(&vec(any::<u8>(), 0..300), |bytes| {
        let (text, audits) = generate::manifest(&Choices::new(&bytes));
        check(&text, audits, &tally)
            .map_err(|fault| TestCaseError::fail(format!("{fault}\n--- manifest\n{text}")))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let tally = tally.into_inner();
    let refused: usize = tally.refused.values().sum();
    eprintln!(
        "{} edited ({} changed lines), {refused} refused: {:?}",
        tally.edited, tally.edits, tally.refused
    );
    assert!(refused * 20 <= tally.edited, "too many are refused: {:?}", tally.refused);
}

fn check(text: &str, audits: bool, tally: &RefCell<Tally>) -> Result<(), String> {
    let wanted = Wanted { policy: Some(PolicyWanted::Preset("metadata")), ..Wanted::default() };
    let before = state(text);
    let first = match plan_enable(&observe(&before, History::default(), &BTreeMap::new()), &wanted) {
        Ok(plan) => plan,
        Err(reason) => {
            *tally.borrow_mut().refused.entry(reason).or_default() += 1;
            return Ok(());
        }
    };
    let enabled = manifest_after(&first);
    let after_text = String::from_utf8(enabled.bytes.clone()).unwrap();
    judge_value(text, &after_text)?;
    tally.borrow_mut().edited += 1;
    tally.borrow_mut().edits += judge_lines(text, &after_text)?;

    let files: BTreeMap<PathBuf, Option<FileState>> =
        first.files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
    let history = History::of(vec![record(&first)]);
    let second = plan_enable(&observe(&enabled, history.clone(), &files), &wanted)?;
    if let Some(file) = second.changed_files().next() {
        return Err(format!(
            "a second enable changes {}\n--- after the first\n{after_text}",
            file.path.display()
        ));
    }

    let off = plan_off(&observe(&enabled, history.clone(), &files))?;
    let off_text = String::from_utf8(manifest_after(&off).bytes).unwrap();
    if !audits && off_text != text {
        return Err(format!("disable is not what was before\n--- after\n{off_text}"));
    }
    // A foreign edit: the removal is surgical, and by value the same.
    let end = if after_text.contains("\r\n") { "\r\n" } else { "\n" };
    if !after_text.trim_start_matches('\u{feff}').starts_with('{') {
        let edited = state(&format!("{after_text}{end}# edited by hand{end}"));
        let surgical = plan_off(&observe(&edited, history, &files))?;
        let surgical_text = String::from_utf8(manifest_after(&surgical).bytes).unwrap();
        if !surgical_text.contains("# edited by hand") {
            return Err("the other's edit is lost".to_owned());
        }
        let (got, expected) = (normal(&surgical_text), normal(&off_text));
        if got != expected {
            return Err(format!("surgical removal differs: {got}\n{expected}\n--- after\n{surgical_text}"));
        }
    }
    Ok(())
}

/// The value by a reader that is not the editor's own, without what audit logging adds.
fn normal(text: &str) -> Value {
    let mut pod: Value = serde_yaml::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    for container in pod["spec"]["containers"].as_array_mut().unwrap() {
        let Some(container) = container.as_object_mut() else { continue };
        if container["name"] == "kube-apiserver" {
            for list in ["command", "args"] {
                if let Some(words) = container.get_mut(list).and_then(Value::as_array_mut) {
                    drop_audit_flags(words);
                }
            }
        }
        drop_items(container, "volumeMounts");
        container.retain(|_, value| !is_empty(value));
    }
    drop_items(pod["spec"].as_object_mut().unwrap(), "volumes");
    pod["spec"].as_object_mut().unwrap().retain(|_, value| !is_empty(value));
    let metadata = pod["metadata"].as_object_mut().unwrap();
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("kaudit.dev/config-sha256");
    }
    metadata.retain(|_, value| !is_empty(value));
    pod
}

/// Missing, null and empty lists mean the same to the kubelet.
fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn drop_audit_flags(words: &mut Vec<Value>) {
    let mut takes_value = false;
    words.retain(|word| {
        let word = word.as_str().unwrap();
        if std::mem::take(&mut takes_value) && !word.starts_with("--") {
            return false;
        }
        let is_audit = word.starts_with("--audit-") || word.starts_with("--audit_");
        takes_value = is_audit && !word.contains('=') && word != "--audit-log-compress";
        !is_audit
    });
}

fn drop_items(map: &mut serde_json::Map<String, Value>, key: &str) {
    let ours = ["/etc/kubernetes/audit", "/var/log/kubernetes/audit", "/var/log/apiserver"];
    if let Some(items) = map.get_mut(key).and_then(Value::as_array_mut) {
        items.retain(|item| {
            let path = item["mountPath"].as_str().or(item["hostPath"]["path"].as_str()).unwrap_or_default();
            !ours.contains(&path)
        });
    }
}

/// By value: without audit logging's parts both are the same, and with them each flag is there once.
fn judge_value(before: &str, after: &str) -> Result<(), String> {
    let (was, is) = (normal(before), normal(after));
    if was != is {
        return Err(format!("something else changed\nwas {was}\nis  {is}\n--- after\n{after}"));
    }
    let manifest = Manifest::read(after.as_bytes()).map_err(|refusal| refusal.message)?;
    let flags = kaudit::plan::audit_flags_there(manifest.api_server());
    for name in [
        "audit-log-path",
        "audit-log-maxage",
        "audit-log-maxbackup",
        "audit-log-maxsize",
        "audit-policy-file",
    ] {
        if flags.iter().filter(|flag| flag.flag == name).count() != 1 {
            return Err(format!("{name} is not there once\n--- after\n{after}"));
        }
    }
    Ok(())
}

/// By text: every line without an audit flag or a flow collection is still there, in order. Returns how many lines
/// are new.
fn judge_lines(before: &str, after: &str) -> Result<usize, String> {
    let may_change = |line: &str| {
        let empties = ["null", "~", "[]", "{}"];
        line.contains("audit")
            || line.contains('[')
            || line.contains('{')
            || empties.iter().any(|word| line.contains(word))
    };
    let mut rest = after.split_inclusive('\n');
    let is_json = before.starts_with('{');
    let mut previous_was_audit = false;
    for line in before.split_inclusive('\n') {
        // The value of a flag in two items stands on the line below it; JSON gets a comma behind its last items.
        let skip = may_change(line) || (previous_was_audit && !line.trim_start().starts_with('#')) || is_json;
        if !line.trim_start().starts_with('#') {
            previous_was_audit = line.contains("audit");
        }
        let is_last = !line.ends_with('\n');
        if !skip
            && !rest.any(|other| other == line || (is_last && other.trim_end_matches(['\r', '\n']) == line))
        {
            return Err(format!("the line {line:?} is lost or moved\n--- after\n{after}"));
        }
    }
    Ok(after.lines().count().saturating_sub(before.lines().count()))
}
