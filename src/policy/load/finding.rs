//! A problem of a policy file.

use crate::diagnostic::{Diagnostic, Position, Severity};
use crate::yaml::Path;

/// The effect of a problem on the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// It would not start.
    WouldNotStart,
    /// kaudit cannot tell how the API server would read the file. Such a file is not used.
    Undecided,
    /// It ignores an unknown key.
    UnknownKey,
    /// It ignores a key that only later versions support.
    TooNewKey,
    /// It ignores the first of two values of a key.
    DuplicateKey,
    /// It ignores a YAML document after the first one.
    FurtherDocument,
}

impl FindingKind {
    /// Whether the API server starts, but ignores a part of the file.
    #[must_use]
    pub const fn is_ignored_part(self) -> bool {
        !matches!(self, Self::WouldNotStart | Self::Undecided)
    }

    /// The consequence for the API server 1.`minor`.
    #[must_use]
    pub fn consequence(self, minor: u32) -> String {
        match self {
            Self::WouldNotStart => format!("kube-apiserver 1.{minor} would not start with this policy"),
            Self::Undecided => "this policy could not be checked".to_owned(),
            _ => format!("kube-apiserver 1.{minor} would ignore a part of this policy"),
        }
    }
}

/// A problem of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The effect on the API server.
    pub kind: FindingKind,
    /// The value that it is about; the root for the file as a whole.
    pub path: Path,
    /// The message, the position and the fix. For a value that the API server's validation rejects, the message is the
    /// API server's own.
    pub diagnostic: Diagnostic,
}

impl Finding {
    /// A problem of the file as a whole.
    pub(in crate::policy) fn new(kind: FindingKind, message: impl Into<String>) -> Self {
        let severity = if kind.is_ignored_part() { Severity::Warning } else { Severity::Error };
        Self { kind, path: Path::root(), diagnostic: Diagnostic::new(severity, message) }
    }

    /// A problem that the API server would not start with.
    pub(in crate::policy) fn fatal(message: impl Into<String>) -> Self {
        Self::new(FindingKind::WouldNotStart, message)
    }

    /// Sets the value that it is about.
    pub(in crate::policy) fn about(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// Sets the position.
    pub(in crate::policy) fn at(mut self, position: Option<Position>) -> Self {
        self.diagnostic.location.position = position;
        self
    }

    /// Adds one step of what to do.
    pub(in crate::policy) fn help(mut self, step: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(step);
        self
    }

    /// Quotes the line of `text` at its position.
    pub(in crate::policy) fn quoting(mut self, text: &str) -> Self {
        if let Some(position) = self.position() {
            self.diagnostic = self.diagnostic.at(position, text);
        }
        self
    }

    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.diagnostic.location.position
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// The reason why the file is not used with the API server 1.`minor`.
    #[must_use]
    pub fn refusal(&self, minor: u32) -> Diagnostic {
        let message = format!("{}: {}", self.kind.consequence(minor), self.diagnostic.message);
        Diagnostic { message, severity: Severity::Error, ..self.diagnostic.clone() }
    }
}
