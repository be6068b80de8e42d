//! How deeply a text is nested, measured before it is parsed: in one pass, without recursion.
//!
//! The parsers' run time grows with depth times length, and go-yaml has a depth limit. This only tracks where collections
//! begin and end, and accepts every text, including invalid YAML.

mod lines;
#[cfg(test)]
mod tests;

use std::ops::Range;

/// How many nested collections go-yaml reads (`max_flow_level` and `max_indents` in its `scannerc.go`).
pub(crate) const MAX_DEPTH_IN_GO: usize = 10_000;

/// The number of levels of brackets in one of [`Nesting::regions`], not counting the regions inside it.
const LEVELS_OF_A_REGION: usize = 40;

/// The nesting of a text by its brackets and indentation.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    /// The largest depth of nested collections.
    pub(crate) deepest: usize,
    /// The byte at which go-yaml's depth limit is exceeded.
    pub(crate) exceeded: Option<usize>,
    /// Every pair of brackets at a depth that is a multiple of [`LEVELS_OF_A_REGION`], inner ones before outer ones.
    pub(crate) regions: Vec<Range<usize>>,
    /// Tabs between a key and its value on the same line, and within brackets: not every parser accepts them as blanks.
    pub(crate) tabs: Vec<usize>,
    /// Lines within brackets or quotes that are not indented more than the block around them: their start, and how many
    /// blanks are missing. libyaml and Go accept them.
    pub(crate) shallow_lines: Vec<(usize, usize)>,
    /// Whether brackets contain an anchor, an alias, a tag or a merge key, or are a key.
    pub(crate) is_intricate: bool,
}

impl Nesting {
    /// Measures the first document of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut walk = Walk { bytes: text.as_bytes(), ..Walk::default() };
        walk.document();
        walk.found
    }
}

#[derive(Default)]
struct Walk<'t> {
    bytes: &'t [u8],
    at: usize,
    /// The start of the current line.
    line: usize,
    /// The columns of the enclosing block collections.
    indents: Vec<usize>,
    /// How many brackets are open.
    flow: usize,
    /// The starts of the open regions.
    open: Vec<usize>,
    /// The column of a possible key of a block mapping.
    key: Option<usize>,
    found: Nesting,
}

impl Walk<'_> {
    fn document(&mut self) {
        let mut is_begun = false;
        while let Some(byte) = self.byte(0) {
            let is_at_start = self.at == self.line;
            if is_at_start && self.flow == 0 && self.is_marker() {
                if is_begun || byte == b'.' {
                    return;
                }
                self.at += 3;
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' => {
                    self.found.tabs.extend((byte == b'\t' && self.flow > 0).then_some(self.at));
                    self.at += 1;
                }
                b'\n' => self.end_line(),
                b'#' if self.is_after_blank() => self.skip_line(),
                b'%' if is_at_start && !is_begun => self.skip_line(),
                _ => {
                    is_begun = true;
                    if self.flow == 0 {
                        self.block_token(byte);
                    } else {
                        self.flow_token(byte);
                    }
                    if self.found.exceeded.is_some() {
                        return;
                    }
                }
            }
        }
    }

    fn block_token(&mut self, byte: u8) {
        let column = self.at - self.line;
        if self.is_first_of_line() {
            self.unroll(column);
        }
        match byte {
            b'-' | b'?' if self.is_blank(1) => {
                self.roll(column);
                self.at += 1;
            }
            b':' if self.is_blank(1) => {
                if let Some(key) = self.key.take() {
                    self.roll(key);
                    self.take_tabs();
                }
                self.at += 1;
            }
            b'[' | b'{' => {
                self.key = Some(column);
                self.open_bracket();
            }
            b'"' | b'\'' => {
                self.key = Some(column);
                self.skip_quoted(byte);
            }
            b'&' | b'!' | b'*' => {
                self.key = self.key.or(Some(column));
                self.skip_word(b"");
            }
            b'|' | b'>' => self.skip_block_scalar(),
            _ => {
                self.key = self.key.or(Some(column));
                self.skip_plain();
            }
        }
    }

    fn flow_token(&mut self, byte: u8) {
        match byte {
            b'[' | b'{' => self.open_bracket(),
            b']' | b'}' => self.close_bracket(),
            b',' => self.at += 1,
            b':' | b'?' if self.is_blank(1) => {
                self.found.is_intricate |= byte == b'?';
                self.at += 1;
            }
            b'"' | b'\'' => self.skip_quoted(byte),
            b'&' | b'!' | b'*' | b'<' => {
                self.found.is_intricate = true;
                self.skip_word(b",[]{}");
            }
            _ => self.skip_plain(),
        }
    }

    fn open_bracket(&mut self) {
        if self.flow > 0 && self.flow.is_multiple_of(LEVELS_OF_A_REGION) {
            self.open.push(self.at);
        }
        self.flow += 1;
        self.reach();
        self.at += 1;
    }

    fn close_bracket(&mut self) {
        self.flow -= 1;
        self.at += 1;
        if self.flow > 0 && self.flow.is_multiple_of(LEVELS_OF_A_REGION) {
            self.found.regions.extend(self.open.pop().map(|start| start..self.at));
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.found.is_intricate |= self.flow > 0 && rest.trim_ascii_start().starts_with(b":");
    }

    /// Starts a block collection in this column, unless there is one.
    fn roll(&mut self, column: usize) {
        self.unroll(column);
        if self.indents.last() != Some(&column) {
            self.indents.push(column);
            self.reach();
        }
    }

    fn unroll(&mut self, column: usize) {
        while self.indents.last().is_some_and(|indent| *indent > column) {
            self.indents.pop();
        }
    }

    fn reach(&mut self) {
        self.found.deepest = self.found.deepest.max(self.indents.len() + self.flow);
        if self.flow > MAX_DEPTH_IN_GO || self.indents.len() > MAX_DEPTH_IN_GO {
            self.found.exceeded = Some(self.at);
        }
    }

    fn take_tabs(&mut self) {
        let blanks = self.bytes.get(self.at + 1..).unwrap_or_default();
        let blanks = blanks.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).enumerate();
        let tabs = blanks.filter(|(_, byte)| **byte == b'\t').map(|(index, _)| self.at + 1 + index);
        self.found.tabs.extend(tabs);
    }

    fn skip_word(&mut self, ends: &[u8]) {
        while self.byte(0).is_some_and(|byte| !byte.is_ascii_whitespace() && !ends.contains(&byte)) {
            self.at += 1;
        }
    }

    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' => {
                    self.line = self.at + 1;
                    self.key = None;
                    self.begin_line();
                }
                b'\\' if quote == b'"' && self.byte(1) != Some(b'\n') => self.at += 1,
                byte if byte == quote && quote == b'\'' && self.byte(1) == Some(quote) => self.at += 1,
                byte if byte == quote => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
    }

    /// Skips an unquoted scalar. In a block it continues on lines that are indented more than the enclosing collection.
    fn skip_plain(&mut self) {
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' | b',' | b'[' | b']' | b'{' | b'}' if self.flow > 0 => return,
                b'\n' => {
                    let Some(indent) = self.indent_of_next_line() else { return };
                    if self.indents.last().is_some_and(|around| indent <= *around) || self.indents.is_empty()
                    {
                        return;
                    }
                    self.end_line();
                    self.at += if indent == usize::MAX { 0 } else { indent };
                }
                b'#' if self.is_after_blank() => return,
                b':' if self.is_blank(1) => return,
                b':' if self.flow > 0 && matches!(self.byte(1), Some(b',' | b'[' | b']' | b'{' | b'}')) => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn skip_block_scalar(&mut self) {
        self.skip_line();
        let around = self.indents.last().copied();
        loop {
            match self.indent_of_next_line() {
                Some(indent) if around.is_none_or(|around| indent > around) => {
                    self.end_line();
                    self.skip_line();
                }
                _ => return,
            }
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn is_blank(&self, ahead: usize) -> bool {
        self.byte(ahead).is_none_or(|byte| byte.is_ascii_whitespace())
    }

    fn is_after_blank(&self) -> bool {
        self.at.checked_sub(1).and_then(|at| self.bytes.get(at)).is_none_or(u8::is_ascii_whitespace)
    }

    fn is_marker(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        (rest.starts_with(b"---") || rest.starts_with(b"...")) && self.is_blank(3)
    }
}
