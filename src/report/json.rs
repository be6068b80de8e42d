//! `-o json`: exactly one object.

use super::{Output, Report};
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit::Exit;
use serde_json::{Map, Value, json};

/// Increases when a field changes its meaning or is removed; new fields do not count.
pub const SCHEMA_VERSION: u32 = 2;

pub(super) fn print(output: &mut Output<'_>, report: &Report, exit: Exit) {
    let texts = |severity: Severity| -> Vec<Value> {
        let of_severity = report.notes.iter().filter(|note| note.severity == severity);
        of_severity
            .map(|note| match note.help.first() {
                Some(step) => Value::String(format!("{} ({step})", note.message)),
                None => Value::String(note.message.clone()),
            })
            .collect()
    };
    let first = report.refusals.first();
    let message = match first {
        // Alone, the cause would read as if the node were left with it.
        Some(refusal) if report.restart.rolled_back => {
            format!("{}; the previous configuration is restored and healthy", refusal.message)
        }
        Some(refusal) => refusal.message.clone(),
        None => report.message.clone(),
    };
    let hint = first.and_then(|refusal| refusal.help.first().cloned()).or_else(|| report.hint.clone());
    let diagnostics: Vec<&Diagnostic> = report.refusals.iter().chain(&report.notes).collect();
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
    put("diagnostics", json!(diagnostics));
    put("diff", json!(report.diff));
    put("restart", json!(report.restart));
    put("verified", json!(report.verified));
    if let Some((name, details)) = &report.details {
        put(name, details.clone());
    }
    output.json(&Value::Object(object));
}
