//! `-o json`: exactly one object.

use super::{Details, FileDiff, Output, Report, Restarted, Verified};
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit::Exit;
use serde::Serialize;
use std::borrow::Cow;

/// Increases when a field changes its meaning or is removed; new fields do not count.
pub const SCHEMA_VERSION: u32 = 2;

/// The JSON object of a run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportView<'a> {
    /// Increases when a key changes its meaning or is removed; new keys do not count.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA_VERSION)))]
    schema_version: u32,
    /// Whether something was changed; with `--dry-run` and `diff`: whether something would be changed.
    changed: bool,
    /// Whether the run failed, as the exit code says.
    failed: bool,
    /// The exit code.
    code: u8,
    /// One sentence: what happened.
    msg: Cow<'a, str>,
    /// What to do next.
    hint: Option<&'a str>,
    /// Whether nothing was written although something would change.
    dry_run: bool,
    /// The warnings among the diagnostics, as text.
    warnings: Vec<Cow<'a, str>>,
    /// What was found: first the errors for which the run was refused or failed, then the rest.
    diagnostics: Vec<&'a Diagnostic>,
    /// The files before and after, secrets masked.
    diff: &'a [FileDiff],
    /// What happened to the API server.
    restart: &'a Restarted,
    /// What was checked after writing.
    verified: &'a Verified,
    /// Each command has its own key here; its schema says which.
    #[serde(flatten)]
    #[cfg_attr(test, schemars(skip))]
    details: Option<&'a Details>,
}

impl<'a> ReportView<'a> {
    fn of(report: &'a Report, exit: Exit) -> Self {
        let first = report.refusals.first();
        let msg = match first {
            // Alone, the cause would read as if the node were left with it.
            Some(refusal) if report.restart.rolled_back => {
                format!("{}; the previous configuration is restored and healthy", refusal.message).into()
            }
            Some(refusal) => refusal.message.as_str().into(),
            None => report.message.as_str().into(),
        };
        let warning = |note: &'a Diagnostic| match note.help.first() {
            Some(step) => format!("{} ({step})", note.message).into(),
            None => note.message.as_str().into(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            changed: report.changed,
            failed: exit.is_failure(),
            code: exit.code(),
            msg,
            hint: first.and_then(|refusal| refusal.help.first()).or(report.hint.as_ref()).map(String::as_str),
            dry_run: report.dry_run,
            warnings: report
                .notes
                .iter()
                .filter(|note| note.severity == Severity::Warning)
                .map(warning)
                .collect(),
            diagnostics: report.refusals.iter().chain(&report.notes).collect(),
            diff: &report.diff,
            restart: &report.restart,
            verified: &report.verified,
            details: report.details.as_ref(),
        }
    }
}

pub(super) fn print(output: &mut Output<'_>, report: &Report, exit: Exit) {
    output.json(&ReportView::of(report, exit));
}
