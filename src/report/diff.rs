//! Diffs of files, as text and for programs.

use super::mask::mask;
use crate::file::FileState;
use crate::plan::FileChange;
use crate::styles::Styles;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Lines around a change, as `diff -u` has them.
const CONTEXT_LINES: usize = 3;

/// A changed file, in the format that Ansible prints with `--check --diff`; secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDiff {
    /// The path on the node.
    pub path: String,
    /// The header of `before`.
    pub before_header: String,
    /// The header of `after`.
    pub after_header: String,
    /// The text before; empty if the file did not exist.
    pub before: String,
    /// The text after; empty if the file will not exist.
    pub after: String,
    /// Whether only masked values differ, so that the two texts read the same.
    #[serde(skip)]
    only_secrets_differ: bool,
}

impl FileDiff {
    /// The diff of one change.
    #[must_use]
    pub fn of(change: &FileChange) -> Self {
        let path = change.path.display().to_string();
        let header = |state: Option<&FileState>, name: &str| match state {
            Some(state) => format!("{path} ({name}, mode {:04o})", state.metadata.mode),
            None => "/dev/null".to_owned(),
        };
        let text = |state: Option<&FileState>| {
            state
                .map(|state| mask(&String::from_utf8_lossy(&state.bytes), change.content))
                .unwrap_or_default()
        };
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        Self {
            before_header: header(change.before.as_ref(), "before"),
            after_header: header(change.after.as_ref(), "after"),
            only_secrets_differ: before == after && change.changes_something(),
            path,
            before,
            after,
        }
    }

    /// The unified diff, with coloured lines.
    #[must_use]
    pub fn render(&self, styles: Styles) -> Vec<String> {
        let mut lines = vec![
            styles.bold(&format!("--- {}", self.before_header)),
            styles.bold(&format!("+++ {}", self.after_header)),
        ];
        if self.only_secrets_differ {
            lines.push(styles.cyan("@@ only masked values or the file mode differ @@"));
        }
        let diff = TextDiff::from_lines(&self.before, &self.after);
        for hunk in diff.unified_diff().context_radius(CONTEXT_LINES).iter_hunks() {
            lines.push(styles.cyan(hunk.header().to_string().trim_end()));
            for change in hunk.iter_changes() {
                // A carriage return before the line ending is not shown.
                let text = change.value().trim_end_matches(['\n', '\r']);
                lines.push(match change.tag() {
                    ChangeTag::Equal => format!(" {text}"),
                    ChangeTag::Insert => styles.green(&format!("+{text}")),
                    ChangeTag::Delete => styles.red(&format!("-{text}")),
                });
                if change.missing_newline() {
                    lines.push("\\ No newline at end of file".to_owned());
                }
            }
        }
        lines
    }
}
