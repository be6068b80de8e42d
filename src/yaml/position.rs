//! Lines and columns of byte offsets, and errors that point there.

use crate::diagnostic::{Diagnostic, Position};

/// The position of byte `offset` of `text`. A byte order mark does not count as a column.
pub(crate) fn position_at(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column =
        before.get(line_start..).unwrap_or_default().trim_start_matches('\u{feff}').chars().count() + 1;
    Position { line: before.bytes().filter(|byte| *byte == b'\n').count() + 1, column }
}

/// An error at byte `offset` of `text`.
pub(super) fn refuse_at(text: &str, offset: usize, reason: impl Into<String>) -> Diagnostic {
    Diagnostic::error(reason).at(position_at(text, offset), text)
}

/// What to do about a syntax error.
pub(super) const SYNTAX_HELP: &str =
    "correct this line; `kubectl create --dry-run=client -f FILE` shows how Kubernetes reads the file";
