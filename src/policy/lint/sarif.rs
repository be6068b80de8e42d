//! Findings as SARIF 2.1.0, which code review tools read
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use serde_json::{Value, json};

use crate::policy::lint::{Check, Lint, Severity, all};

/// One run over `files`, each with its findings. What a file allows is in it as suppressed.
#[must_use]
pub fn sarif(files: &[(&str, &[Lint])]) -> Value {
    let results: Vec<Value> =
        files.iter().flat_map(|(file, findings)| findings.iter().map(move |it| result(file, it))).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kaudit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": all().iter().map(rule).collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    })
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": check.why },
        "help": { "text": check.fix },
        "helpUri": check.link,
        "defaultConfiguration": { "level": level(check.severity) },
    })
}

fn result(file: &str, finding: &Lint) -> Value {
    let region = match finding.position {
        Some(position) => json!({ "startLine": position.line, "startColumn": position.column }),
        None => json!({ "startLine": 1 }),
    };
    let mut result = json!({
        "ruleId": finding.check.id,
        "ruleIndex": all().iter().position(|check| check.id == finding.check.id),
        "level": level(finding.check.severity),
        "message": { "text": format!("{}. {}", finding.message, finding.fix) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": file }, "region": region } }],
    });
    if let (Some(reason), Some(object)) = (&finding.allowed, result.as_object_mut()) {
        object.insert("suppressions".to_owned(), json!([{ "kind": "inSource", "justification": reason }]));
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
