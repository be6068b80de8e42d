//! The findings of `policy lint` in a policy that will be used.

use super::Plan;
use crate::diagnostic::{Diagnostic, Severity};
use crate::policy::lint::{Lint, lint_bytes};

/// Why a policy will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is requested.
    Requested,
    /// It is already in use.
    Kept,
}

/// The number of findings that are shown when a policy is refused; `policy lint` shows all.
const SHOWN: usize = 5;

/// Checks the policy for the API server 1.`minor`, and adds notes about findings that are not a reason to refuse it.
///
/// # Errors
/// The API server would not start with it. The policy is requested and the API server would silently ignore a part of it.
/// With `strict`, any finding. A comment in the policy allows all but the first.
pub(super) fn lint_policy(
    plan: &mut Plan,
    name: &str,
    bytes: &[u8],
    minor: u32,
    (used, strict): (Use, bool),
) -> Result<(), Vec<Diagnostic>> {
    let linted = lint_bytes(bytes, minor);
    let is_refused = |finding: &&Lint| {
        strict
            || finding.check.severity == Severity::Error
            || (used == Use::Requested && finding.is_ignored_part())
    };
    let (refused, remarked): (Vec<&Lint>, Vec<&Lint>) = linted.open().partition(is_refused);
    if refused.is_empty() {
        let is_worth_it = |finding: &&Lint| used == Use::Requested || finding.is_ignored_part();
        plan.notes.extend(remarked.into_iter().filter(is_worth_it).map(|finding| note(name, finding, used)));
        return Ok(());
    }
    let mut refusals: Vec<Diagnostic> =
        refused.iter().take(SHOWN).map(|finding| refuse(finding, minor).in_file(name)).collect();
    if let Some(last) = refusals.last_mut() {
        let further = refused.len().saturating_sub(SHOWN) + remarked.len();
        if further > 0 {
            last.help.push(format!(
                "{further} more findings: kaudit policy lint {name} --kubernetes-version 1.{minor}"
            ));
        }
    }
    Err(refusals)
}

fn refuse(finding: &Lint, minor: u32) -> Diagnostic {
    let refusal = finding.refusal(minor);
    if finding.check.severity == Severity::Error {
        return refusal;
    }
    refusal.help(format!("if this is intended, add a comment: # kaudit: allow {} reason", finding.check.id))
}

fn note(name: &str, finding: &Lint, used: Use) -> Diagnostic {
    let mut note = finding.diagnostic.clone().in_file(name);
    if used == Use::Kept {
        note.message = format!("in the policy that is kept: {}", note.message);
    }
    note
}
