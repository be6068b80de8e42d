//! What `policy lint` finds in a policy that is going to be enabled.

use super::Plan;
use crate::note::Note;
use crate::policy::lint::{Lint, Severity, lint};
use crate::refusal::Refusal;

/// Remarks what is found in the policy `text`, which the API server 1.`minor` would start with.
///
/// # Errors
/// With `strict`, something is found.
pub(super) fn lint_policy(
    plan: &mut Plan,
    name: &str,
    text: &str,
    minor: u32,
    strict: bool,
) -> Result<(), Refusal> {
    let linted = lint(text, minor);
    if let Some(first) = linted.open().next().filter(|_| strict) {
        let reason = format!("--strict, and the policy has a finding: {} {}", first.check.id, first.message);
        let mut refusal = Refusal::new(reason).in_file(name).help(first.fix.as_str());
        if let Some(position) = first.position {
            refusal = refusal.at(position, text);
        }
        let further = linted.open().count().saturating_sub(1);
        if further > 0 {
            refusal = refusal.help(format!("{further} more: kaudit policy lint {name}"));
        }
        return Err(refusal.help(format!("if it is meant so: # kaudit: allow {} reason", first.check.id)));
    }
    plan.notes.extend(linted.open().map(|finding| note(name, finding)));
    Ok(())
}

fn note(name: &str, finding: &Lint) -> Note {
    let place = finding.position.map(|position| format!(":{position}")).unwrap_or_default();
    let text = format!("{name}{place}: {} {}", finding.check.id, finding.message);
    let note = match finding.check.severity {
        Severity::Info => Note::info(text),
        Severity::Error | Severity::Warning => Note::warning(text),
    };
    note.named(finding.check.id).hint(finding.fix.as_str())
}
