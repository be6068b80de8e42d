//! Things that the operator should know although they stop nothing.

use crate::audit::notes as settings;
use serde::Serialize;

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What was adopted, kept or repaired, and why.
    Info,
    /// Something that works and will hurt: a kept value that fails a benchmark, a disk that is too small.
    Warning,
}

/// One remark about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// One sentence without a final full stop.
    pub text: String,
    /// What to do, where there is something to do.
    pub hint: Option<String>,
}

impl Note {
    /// A remark.
    #[must_use]
    pub fn info(text: impl Into<String>) -> Self {
        Self { severity: Severity::Info, text: text.into(), hint: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, text: text.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<&settings::Note> for Note {
    fn from(note: &settings::Note) -> Self {
        let severity = match note.severity {
            settings::Severity::Info => Severity::Info,
            settings::Severity::Warning => Severity::Warning,
        };
        Self { severity, text: note.text.clone(), hint: note.hint.clone() }
    }
}
