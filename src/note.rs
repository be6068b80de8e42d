//! Things that the operator should know although they stop nothing.

use crate::severity::Severity;
use serde::Serialize;

/// One remark; nothing is refused for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters; what is an error stops, and is no note.
    pub severity: Severity,
    /// A stable name for programs, such as `maxage-low`, where it has one.
    pub id: Option<&'static str>,
    /// One sentence without a final full stop.
    pub text: String,
    /// What to do, where there is something to do.
    pub hint: Option<String>,
}

impl Note {
    /// A remark: what was adopted, kept or repaired, and why.
    #[must_use]
    pub fn info(text: impl Into<String>) -> Self {
        Self { severity: Severity::Info, id: None, text: text.into(), hint: None }
    }

    /// A warning: a kept value that fails a benchmark, a disk that is too small.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, id: None, text: text.into(), hint: None }
    }

    /// Gives it a stable name.
    #[must_use]
    pub fn named(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
