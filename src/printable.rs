//! Texts of strangers, made harmless: names, paths and agents come from whoever sends requests to the API server, words and
//! certificates from whoever answers for a webhook's receiver. With a line feed in one of them somebody could write lines of
//! his own, with an escape sequence rewrite what a terminal shows.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with what is not printed as itself written as in JSON: `\n`, `\u001b`, `\u202e`.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_but(text, None)
}

/// As [`escape`], for a text of several lines, which it keeps.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_but(text, Some('\n'))
}

/// The text in so many characters: of a longer one the middle is left out, as both ends of a name tell something.
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
            // From U+10000 on in two halves, as in JSON. Writing to a String cannot fail.
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, what breaks a line or turns its direction (Unicode Standard Annex 9, 2), and what is not seen at all
/// (`Default_Ignorable_Code_Point` in Unicode's `DerivedCoreProperties.txt`), so that nobody has a name that looks like
/// another's. So are spaces that look like a space and are not one.
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
    fn nothing_that_moves_the_cursor_or_is_not_seen_stays() {
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
    fn a_name_is_cut_in_its_middle() {
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
