//! `-o json`: exactly one object.

use super::{Output, Report};
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::severity::Severity;
use serde_json::{Map, Value, json};

/// Grows when a field changes its meaning or goes; new fields do not count.
pub const SCHEMA_VERSION: u32 = 1;

pub(super) fn print(output: &mut Output<'_>, report: &Report, exit: Exit) {
    let texts = |severity: Severity| -> Vec<Value> {
        let of_severity = report.notes.iter().filter(|note| note.severity == severity);
        of_severity
            .map(|note| match &note.hint {
                Some(hint) => Value::String(format!("{} ({hint})", note.text)),
                None => Value::String(note.text.clone()),
            })
            .collect()
    };
    let first = report.refusals.first();
    let message = match first {
        // Alone, the cause would read as if the node were left with it.
        Some(refusal) if report.restart.rolled_back => {
            format!("{}; everything is as before, and healthy again", refusal.reason)
        }
        Some(refusal) => refusal.reason.clone(),
        None => report.message.clone(),
    };
    let hint = first.and_then(|refusal| refusal.help.first().cloned()).or_else(|| report.hint.clone());
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("schemaVersion", json!(SCHEMA_VERSION));
    put("changed", json!(report.changed));
    put("failed", json!(exit.is_failure()));
    put("code", json!(exit.code()));
    put("msg", json!(message));
    put("hint", json!(hint));
    put("dryRun", json!(report.dry_run));
    put("warnings", Value::Array(texts(Severity::Warning)));
    put("notes", Value::Array(texts(Severity::Info)));
    put("remarks", json!(report.notes));
    put("diff", json!(report.diff));
    put("refusals", Value::Array(report.refusals.iter().map(refusal_object).collect()));
    put("restart", json!(report.restart));
    put("verified", json!(report.verified));
    if let Some((name, details)) = &report.details {
        put(name, details.clone());
    }
    output.line(&Value::Object(object).to_string());
}

fn refusal_object(refusal: &Refusal) -> Value {
    json!({
        "reason": refusal.reason,
        "file": refusal.file,
        "line": refusal.position.map(|position| position.line),
        "column": refusal.position.map(|position| position.column),
        "excerpt": refusal.excerpt,
        "help": refusal.help,
    })
}
