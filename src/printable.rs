//! Escaping of untrusted text: names, paths and user agents come from clients of the API server, messages and
//! certificates from a webhook receiver. A line feed could forge output lines, and an escape sequence could control
//! the terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes characters that are not printable as in JSON: `\n`, `\u001b`, `\u202e`.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_but(text, None)
}

/// Like [`escape`], but keeps line feeds.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_but(text, Some('\n'))
}

/// Limits the text to this many characters. The middle of a longer text is left out, because both ends of a name are
/// informative.
#[must_use]
pub fn elide(text: Cow<'_, str>, width: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= width {
        return text;
    }
    let kept = width.saturating_sub(1);
    let head = kept.div_ceil(2);
    let (begin, end) = (text.chars().take(head), text.chars().skip(length - (kept - head)));
    begin.chain(['…']).chain(end).collect::<String>().into()
}

fn escape_but(text: &str, kept: Option<char>) -> Cow<'_, str> {
    let is_escaped = |c: char| is_special(c) && Some(c) != kept;
    // Nearly every text is plain ASCII.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.chars().any(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => escaped.push(c),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // From U+10000 on as a surrogate pair, as in JSON. Writing to a String cannot fail.
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, characters that break a line or change its direction (Unicode Standard Annex 9, 2), and
/// invisible ones (`Default_Ignorable_Code_Point` in Unicode's `DerivedCoreProperties.txt`), with which one name could
/// look like another. Spaces other than the ASCII space are also included.
fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}'
            | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{elide, escape, escape_lines};

    #[test]
    fn control_and_invisible_characters_are_escaped() {
        for (text, escaped) in [
            ("alice", "alice"),
            ("ünïcode", "ünïcode"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{7f}", "\\u001b[31mred\\u007f"),
            ("\u{9b}31m", "\\u009b31m"),
            ("\u{202e}gol\u{2028}\u{2066}\u{feff}", "\\u202egol\\u2028\\u2066\\ufeff"),
            ("a\u{200b}b\u{2060}c\u{ad}", "a\\u200bb\\u2060c\\u00ad"),
            ("\u{e0061}", "\\udb40\\udc61"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
        }
        assert_eq!(escape_lines("a\n\u{1b}b"), "a\n\\u001bb");
        assert_eq!(escape_lines("a\nb"), "a\nb");
    }

    #[test]
    fn a_long_name_is_cut_in_the_middle() {
        for (text, width, expected) in [
            ("short", 8, "short"),
            ("just fit", 8, "just fit"),
            ("generic-garbage-collector", 9, "gene…ctor"),
            ("generic-garbage-collector", 8, "gene…tor"),
            ("ab", 1, "…"),
            ("äöüäöüäöü", 5, "äö…öü"),
        ] {
            assert_eq!(elide(text.into(), width), expected);
        }
    }
}
