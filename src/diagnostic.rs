//! The one form in which kaudit reports a fact: what was found, how much it matters, where, what to do, and the evidence.
//!
//! `check`, `status`, `lint`, `enable` and every refusal use it, so that the same fact looks the same everywhere. It is a
//! value and not an error type: a refused change is an expected result with its own exit code, while an `anyhow::Error`
//! is an unexpected failure of the system.

use crate::secret::mask_passwords_in_urls;
use serde::Serialize;
use std::fmt;

/// How much a fact matters. The order is from harmless to severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It was checked and is as it should be.
    Ok,
    /// Worth knowing; often intended.
    Info,
    /// It works, but causes a problem sooner or later.
    Warning,
    /// It does not work: the change is refused, the API server would not start, events would not arrive.
    Error,
}

impl Severity {
    /// The name in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A position in a text. Both numbers start at 1; columns are counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where a fact was found. Each part is optional: a file that cannot be read has no position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Location {
    /// The file, as the operator would name it.
    pub file: Option<String>,
    /// Where in that file.
    #[serde(flatten)]
    pub position: Option<Position>,
    /// The line of the file at `position`, without its line ending. Absent if it may hold a secret.
    pub excerpt: Option<String>,
}

/// A fact to report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// A stable name for programs, such as `maxage-low`. It never changes its meaning.
    pub id: Option<&'static str>,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence without a final full stop.
    pub message: String,
    /// Where it was found.
    pub location: Location,
    /// What to do, one step per entry; may contain commands and lines to add by hand.
    pub help: Vec<String>,
    /// What was read or seen that proves the message, one fact per entry.
    pub evidence: Vec<String>,
    /// The file is valid, but has a form that kaudit does not edit: the operator can edit it by hand.
    #[serde(skip)]
    pub by_hand: bool,
}

impl Diagnostic {
    /// A fact with only its severity and message.
    #[must_use]
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            id: None,
            severity,
            message: message.into(),
            location: Location::default(),
            help: Vec::new(),
            evidence: Vec::new(),
            by_hand: false,
        }
    }

    /// A check that passed.
    #[must_use]
    pub fn ok(message: impl Into<String>) -> Self {
        Self::new(Severity::Ok, message)
    }

    /// Something worth knowing: what was kept or repaired, and why.
    #[must_use]
    pub fn info(message: impl Into<String>) -> Self {
        Self::new(Severity::Info, message)
    }

    /// A warning: a kept value that fails a benchmark, a disk that is too small.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// The reason why a change is refused, failed or would not work.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Sets the stable name.
    #[must_use]
    pub fn named(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    /// Adds one step of what to do.
    #[must_use]
    pub fn help(mut self, step: impl Into<String>) -> Self {
        self.help.push(step.into());
        self
    }

    /// Adds one fact that proves the message.
    #[must_use]
    pub fn evidence(mut self, fact: impl Into<String>) -> Self {
        self.evidence.push(fact.into());
        self
    }

    /// States that the operator can make the edit that kaudit refuses.
    #[must_use]
    pub fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    /// Sets the position, and quotes that line of `text`.
    #[must_use]
    pub fn at(mut self, position: Position, text: &str) -> Self {
        self.location.position = Some(position);
        self.location.excerpt = text
            .lines()
            .nth(position.line.saturating_sub(1))
            .map(|line| mask_passwords_in_urls(line.trim_start_matches('\u{feff}')));
        self
    }

    /// Keeps the position and drops the quoted line, which may hold a secret.
    #[must_use]
    pub fn without_excerpt(mut self) -> Self {
        self.location.excerpt = None;
        self
    }

    /// Names the file, unless a more specific place has named it.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.location.file.get_or_insert(file.into());
        self
    }

    /// The only one of a list.
    #[must_use]
    pub fn alone(self) -> Vec<Self> {
        vec![self]
    }

    /// Whether it does not work.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
