//! A cursor over the text that finds the ends of tokens.
//!
//! The parser's own spans are not exact: they count characters, an unindented list starts at its first item, and a quoted
//! scalar includes trailing blanks and comments. So the structure comes from the parser, and the position of every token
//! from here. After each token the next one must be found at the cursor, or the document is refused.

/// A position in a text, moved forwards only.
#[derive(Debug, Clone)]
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    /// A cursor on `text` at byte `at`.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    /// The position of the cursor.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Moves the cursor to byte `at`.
    pub(super) fn set(&mut self, at: usize) {
        self.at = at;
    }

    /// The byte under the cursor; `None` at the end.
    pub(super) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    /// The byte after the one under the cursor.
    pub(super) fn peek_next(&self) -> Option<u8> {
        self.byte(self.at + 1)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Skips `expected`, if it is the byte under the cursor.
    pub(super) fn accept(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    /// Skips `indicator`, if it is under the cursor and followed by a blank, a line ending or the end of the text.
    pub(super) fn accept_indicator(&mut self, indicator: u8) -> bool {
        self.peek() == Some(indicator)
            && matches!(self.peek_next(), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
            && self.accept(indicator)
    }

    /// Skips blanks of the same line.
    pub(super) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips blanks, line endings and comments.
    pub(super) fn skip_trivia(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'#') if self.comment_may_start() => self.skip_line(),
                _ => return,
            }
        }
    }

    /// A `#` starts a comment only at the start of the text or after a blank or line ending.
    fn comment_may_start(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.byte(at));
        // 0xBF: the last byte of a byte order mark at the start of the text.
        matches!(before, None | Some(b' ' | b'\t' | b'\n' | b'\r' | 0xBF))
    }

    /// Moves to the end of the line, before the line ending.
    fn skip_line(&mut self) {
        while !matches!(self.peek(), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Skips a name after `&` or `*`, or a tag: up to a blank, and in flow collections up to punctuation.
    pub(super) fn skip_word(&mut self, in_flow: bool) {
        while let Some(byte) = self.peek() {
            let ends = match byte {
                b' ' | b'\t' | b'\n' | b'\r' => true,
                b',' | b'[' | b']' | b'{' | b'}' => in_flow,
                _ => false,
            };
            if ends {
                return;
            }
            self.at += 1;
        }
    }

    /// Skips a quoted scalar that starts under the cursor; `false` if it is not terminated.
    pub(super) fn skip_quoted(&mut self) -> bool {
        let Some(quote) = self.peek() else { return false };
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'\\' && quote == b'"' {
                self.at += 1;
            } else if byte == quote && !(quote == b'\'' && self.accept(b'\'')) {
                return true;
            }
        }
        false
    }

    /// Skips a block scalar that starts under the cursor and has the value `value`: to the end of its last line of content
    /// (of its last blank line, if it keeps them with `+`), before that line's ending.
    ///
    /// The indentation decides which lines belong to it. It follows from the value even where an indicator (`|2`) sets it:
    /// the first written line has as many more blanks as the first line of the value has.
    pub(super) fn skip_block_scalar(&mut self, value: &str) {
        let header = self.at;
        self.skip_line();
        let keeps = self
            .text
            .get(header..self.at)
            .is_some_and(|line| line.split([' ', '\t', '#']).next().is_some_and(|word| word.contains('+')));
        let extra = value.split('\n').find(|line| !is_blank(line)).map(indentation);
        let mut indent = None;
        let mut next = self.at;
        while let Some(start) = self.after_line_end(next) {
            let mut line = Self::new(self.text, start);
            line.skip_line();
            let content = self.text.get(start..line.at).unwrap_or_default();
            if is_blank(content) {
                if keeps && (line.at > start || line.peek().is_some()) {
                    self.at = line.at;
                }
            } else {
                let own = indentation(content);
                let needed = *indent.get_or_insert(own.saturating_sub(extra.unwrap_or(0)));
                let marker = own == 0 && is_document_marker(content);
                if extra.is_none() || own < needed || marker {
                    return;
                }
                self.at = line.at;
            }
            next = line.at;
        }
    }

    /// The first byte after the line ending at `at`; `None` if there is none.
    fn after_line_end(&self, at: usize) -> Option<usize> {
        match (self.byte(at), self.byte(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => Some(at + 2),
            (Some(b'\r' | b'\n'), _) => Some(at + 1),
            _ => None,
        }
    }
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

fn indentation(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// Whether a line starts or ends a document.
fn is_document_marker(line: &str) -> bool {
    ["---", "..."]
        .iter()
        .filter_map(|marker| line.strip_prefix(marker))
        .any(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}
