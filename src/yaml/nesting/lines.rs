//! Line starts, line ends and indentation.

use super::Walk;

impl Walk<'_> {
    /// The indentation of the next line, if there is one; an empty line counts as indented to any depth.
    pub(super) fn indent_of_next_line(&self) -> Option<usize> {
        let rest = self.bytes.get(self.at + 1..).filter(|rest| !rest.is_empty())?;
        let indent = rest.iter().take_while(|byte| **byte == b' ').count();
        let is_empty = matches!(rest.get(indent), Some(b'\n' | b'\r') | None);
        Some(if is_empty { usize::MAX } else { indent })
    }

    pub(super) fn end_line(&mut self) {
        self.at += 1;
        self.line = self.at;
        self.key = None;
        if self.flow > 0 {
            self.begin_line();
        }
    }

    pub(super) fn skip_line(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    pub(super) fn is_first_of_line(&self) -> bool {
        let before = self.bytes.get(self.line..self.at).unwrap_or_default();
        before.iter().all(|byte| *byte == b' ')
    }

    /// Checks the indentation of a line that begins within brackets or quotes.
    pub(super) fn begin_line(&mut self) {
        let Some(around) = self.indents.last() else { return };
        let line = self.bytes.get(self.line..).unwrap_or_default();
        let blanks = line.iter().take_while(|byte| **byte == b' ').count();
        let is_empty = matches!(line.get(blanks), Some(b'\n' | b'\r') | None);
        if blanks <= *around && !is_empty {
            self.found.shallow_lines.push((self.line, around + 1 - blanks));
        }
    }
}
