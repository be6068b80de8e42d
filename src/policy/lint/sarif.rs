//! Findings as SARIF 2.1.0, which code review tools read
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use serde_json::{Value, json};

use crate::diagnostic::Severity;
use crate::policy::lint::catalogue::{Check, all};
use crate::policy::lint::found::Lint;

/// One run over `files`, each with its findings. What a file allows is in it as suppressed. `unread` says why files could
/// not be read; the run was not successful then.
#[must_use]
pub fn sarif(files: &[(&str, &[Lint])], unread: &[String]) -> Value {
    let results: Vec<Value> =
        files.iter().flat_map(|(file, findings)| findings.iter().map(move |it| result(file, it))).collect();
    let notify = |reason: &String| json!({ "level": "error", "message": { "text": reason } });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kaudit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": all().iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": unread.iter().map(notify).collect::<Vec<_>>(),
            }],
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
    // Either every result of a run has suppressions or none (3.27.23), so one that is not suppressed has an empty list.
    let suppressions: Vec<Value> = finding
        .allowed
        .iter()
        .map(|reason| json!({ "kind": "inSource", "status": "accepted", "justification": reason }))
        .collect();
    // What stays the same when lines are added elsewhere.
    let about =
        if finding.path.steps().is_empty() { finding.message.clone() } else { finding.path.to_string() };
    json!({
        "ruleId": finding.check.id,
        "ruleIndex": all().iter().position(|check| check.id == finding.check.id),
        "level": level(finding.check.severity),
        "message": { "text": format!("{}: {}", finding.message, finding.fix) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(file) }, "region": region } }],
        "partialFingerprints": { "path/v1": format!("{} {about}", finding.check.id) },
        "suppressions": suppressions,
    })
}

/// A path as a reference of RFC 3986; a relative one stays relative, to the directory in which the tool ran.
fn uri(file: &str) -> String {
    let scheme = if file.starts_with('/') { "file://" } else { "" };
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let escaped: Vec<String> = file.bytes().map(escape).collect();
    format!("{scheme}{}", escaped.concat())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
        Severity::Ok => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        for (file, reference) in [
            ("policies/audit.yaml", "policies/audit.yaml"),
            ("/etc/kubernetes/a b.yaml", "file:///etc/kubernetes/a%20b.yaml"),
            ("standard input", "standard%20input"),
            ("ü#?.yaml", "%C3%BC%23%3F.yaml"),
        ] {
            assert_eq!(uri(file), reference);
        }
    }
}
