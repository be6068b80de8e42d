//! `policy migrate`

use super::source::read;
use crate::cli::{Exit, end};
use crate::note::Note;
use crate::policy::{ApiVersion, Migrated, migrate};
use crate::report::{Output, Report};
use serde_json::json;

/// Prints the policy in `audit.k8s.io/v1`; what the API server drops of it is remarked.
///
/// # Errors
/// It cannot be read, or is not a policy that an API server has ever taken.
pub(super) fn run(file: &str, output: &mut Output<'_>) -> super::Result {
    let source = read(file)?;
    let Migrated { from, text, findings } =
        migrate(&source.text).map_err(|refusal| refusal.in_file(source.name.as_str()))?;
    let mut report = Report::default();
    for finding in findings {
        let place = finding.position.map(|position| format!(":{position}")).unwrap_or_default();
        let note = Note::warning(format!("{}{place}: {}", source.name, finding.words));
        report.notes.push(match finding.help.into_iter().next() {
            Some(help) => note.hint(help),
            None => note,
        });
    }
    if from == ApiVersion::V1 {
        report.notes.push(Note::info(format!("{} is {from} already", source.name)));
    }
    if output.json {
        report.details = Some(("policy", json!({ "from": from.to_string(), "text": text })));
    } else {
        output.text(&text);
        output.flush();
    }
    Ok(end(output, (report, Exit::Done)))
}
