//! Random documents in random styles. A string of bytes makes all decisions, so that proptest can reduce a failing case.

pub(crate) use super::choices::Choices;
use std::fmt::Write as _;

/// Keys of Pods, and unusual keys that need no quotes.
pub(crate) const KEYS: [&str; 12] = [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "command",
    "volumes",
    "volumeMounts",
    "name",
    "x",
    "zone",
    "kaudit.dev/a",
    "image",
];
const WORDS: [&str; 14] = [
    "kube-apiserver",
    "--a=1",
    "x",
    "/etc/kubernetes",
    "12",
    "true",
    "1.5",
    "--flag=http://h:1/p",
    "yes",
    "é",
    "a b",
    "10.0.0.1",
    "0777",
    "it's",
];
/// A random document.
pub(crate) fn document(choices: &Choices<'_>) -> String {
    let mut writer = Writer {
        choices,
        text: String::new(),
        line_end: if choices.once_in(6) { "\r\n" } else { "\n" },
        step: 2 + 2 * choices.below(2),
        list_step: choices.below(3),
        comments: 0,
        anchors: 0,
    };
    if choices.once_in(12) {
        writer.text.push('\u{feff}');
    }
    if choices.once_in(6) {
        let pretty = choices.once_in(2);
        writer.json(0, 0, pretty);
        writer.end_line();
    } else {
        if choices.once_in(8) {
            writer.text.push_str("---");
            writer.end_line();
        }
        writer.comment_lines(0);
        if choices.once_in(6) {
            writer.block_sequence(0, 0);
        } else {
            writer.block_mapping(0, 0);
        }
        writer.comment_lines(0);
    }
    let mut text = writer.text;
    if choices.once_in(6) {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text
}

struct Writer<'c, 'b> {
    choices: &'c Choices<'b>,
    text: String,
    line_end: &'static str,
    step: usize,
    list_step: usize,
    comments: usize,
    anchors: usize,
}

impl Writer<'_, '_> {
    fn end_line(&mut self) {
        self.text.push_str(self.line_end);
    }

    fn indent(&mut self, column: usize) {
        self.text.push_str(&" ".repeat(column));
    }

    /// Each comment occurs once, so that a lost, moved or duplicated one is detected.
    fn comment(&mut self) {
        self.comments += 1;
        let _ = write!(self.text, "#c{} é: [", self.comments);
    }

    fn comment_lines(&mut self, column: usize) {
        while self.choices.once_in(6) {
            if self.choices.once_in(3) {
                self.end_line();
                continue;
            }
            let column = [0, column, column + 2, column.saturating_sub(1)][self.choices.below(4)];
            self.indent(column);
            self.comment();
            self.end_line();
        }
    }

    fn finish_line(&mut self) {
        if self.choices.once_in(8) {
            self.indent(1 + self.choices.below(3));
            self.comment();
        } else if self.choices.once_in(20) {
            self.indent(2);
        }
        self.end_line();
    }

    /// Keys or items at `column`; the first one is at the end of the text.
    fn block_mapping(&mut self, column: usize, depth: usize) {
        let first_key = self.choices.below(KEYS.len());
        let count = 1 + self.choices.below(4);
        let explicit_style = self.choices.below(6);
        for offset in 0..count {
            if offset > 0 {
                self.comment_lines(column);
                self.indent(column);
            }
            let key = KEYS[(first_key + offset * 5) % KEYS.len()];
            match explicit_style {
                4 => {
                    let _ = write!(self.text, "\"{key}\"");
                }
                5 => {
                    let _ = write!(self.text, "'{key}'");
                }
                _ => self.text.push_str(key),
            }
            self.text.push(':');
            self.block_value(column, depth, true);
        }
    }

    fn block_sequence(&mut self, column: usize, depth: usize) {
        let gap = 1 + usize::from(self.choices.once_in(4)) * 2;
        for item in 0..=self.choices.below(4) {
            if item > 0 {
                self.comment_lines(column);
                self.indent(column);
            }
            self.text.push('-');
            if depth < 3 && self.choices.once_in(4) {
                self.indent(gap);
                if self.choices.once_in(3) {
                    self.block_sequence(column + 1 + gap, depth + 1);
                } else {
                    self.block_mapping(column + 1 + gap, depth + 1);
                }
            } else {
                self.block_value(column, 3, false);
            }
        }
    }

    /// A value after a `:` or `-`, whose key or dash is at `column`, and the end of its line.
    fn block_value(&mut self, column: usize, depth: usize, in_mapping: bool) {
        if in_mapping && depth < 3 && self.choices.once_in(3) {
            self.finish_line();
            let sequence = self.choices.once_in(2);
            let below = column + if sequence { self.list_step } else { self.step };
            self.comment_lines(below);
            self.indent(below);
            if sequence {
                self.block_sequence(below, depth + 1);
            } else {
                self.block_mapping(below, depth + 1);
            }
            return;
        }
        match self.choices.below(12) {
            0 => self.text.push_str(self.choices.pick(&["", " null", " ~"])),
            1 => {
                self.text.push(' ');
                let lines = self.choices.once_in(3);
                self.flow(column + 2, 0, lines);
            }
            2 => return self.block_scalar(column),
            3 => {
                let quote = self.choices.pick(&["", "\"", "'"]);
                let _ = write!(self.text, " {quote}first");
                self.end_line();
                self.indent(column + 2);
                let _ = write!(self.text, "second{quote}");
            }
            4 if self.choices.once_in(4) => {
                self.anchors += 1;
                let _ = write!(self.text, " &a{} word", self.anchors);
            }
            5 if self.anchors > 0 && self.choices.once_in(2) => {
                let _ = write!(self.text, " *a{}", self.anchors);
            }
            6 => self.text.push_str(self.choices.pick(&[" []", " {}", " [ ]", " { }"])),
            _ => {
                self.indent(1 + usize::from(self.choices.once_in(9)));
                self.scalar(false);
            }
        }
        self.finish_line();
    }

    fn scalar(&mut self, in_flow: bool) {
        let word = self.choices.pick(&WORDS);
        let quoted = (in_flow && word.contains(':')) || self.choices.once_in(4);
        let _ = match (quoted, self.choices.once_in(2)) {
            (false, _) => write!(self.text, "{word}"),
            (true, true) => write!(self.text, "\"{word}\""),
            (true, false) => write!(self.text, "'{}'", word.replace('\'', "''")),
        };
    }

    fn block_scalar(&mut self, column: usize) {
        let style = self.choices.pick(&["|", ">"]);
        let chomping = self.choices.pick(&["", "-", "+"]);
        let _ = write!(self.text, " {style}{chomping}");
        self.finish_line();
        for line in 0..=self.choices.below(3) {
            self.indent(column + 2 + usize::from(line > 0 && self.choices.once_in(4)));
            let _ = write!(self.text, "text{line} # no comment");
            self.end_line();
            if self.choices.once_in(4) {
                self.end_line();
            }
        }
    }

    fn flow(&mut self, column: usize, depth: usize, lines: bool) {
        let mapping = self.choices.once_in(2);
        let count = self.choices.below(4);
        self.text.push(if mapping { '{' } else { '[' });
        for item in 0..count {
            if lines {
                if self.choices.once_in(5) {
                    self.text.push_str("  ");
                    self.comment();
                }
                self.end_line();
                self.indent(column);
            } else if item > 0 {
                self.text.push(' ');
            }
            if mapping {
                let _ = write!(self.text, "{}{item}: ", self.choices.pick(&["a", "b", "z"]));
            }
            if depth < 1 && self.choices.once_in(5) {
                self.flow(column + 2, depth + 1, false);
            } else {
                self.scalar(true);
            }
            if item + 1 < count || self.choices.once_in(6) {
                self.text.push(',');
            }
        }
        if lines && count > 0 {
            self.end_line();
            self.indent(column);
        }
        self.text.push(if mapping { '}' } else { ']' });
    }

    fn json(&mut self, column: usize, depth: usize, pretty: bool) {
        if depth > 2 || (depth > 0 && self.choices.once_in(2)) {
            let word = self.choices.pick(&["\"x\"", "1", "true", "null", "\"--a=b\"", "[]", "{}"]);
            self.text.push_str(word);
            return;
        }
        let mapping = depth == 0 || self.choices.once_in(2);
        self.text.push(if mapping { '{' } else { '[' });
        let count = 1 + self.choices.below(3);
        for item in 0..count {
            if pretty {
                self.end_line();
                self.indent(column + 2);
            }
            if mapping {
                let _ = write!(self.text, "\"k{item}\":{}", if pretty { " " } else { "" });
            }
            self.json(column + 2, depth + 1, pretty);
            if item + 1 < count {
                self.text.push(',');
            }
        }
        if pretty {
            self.end_line();
            self.indent(column);
        }
        self.text.push(if mapping { '}' } else { ']' });
    }
}
