//! Texts of strangers, made harmless: names, paths and agents come from whoever sends requests to the API server. With a
//! line feed in one of them somebody could write lines of his own, with an escape sequence rewrite what a terminal shows.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with what is not printed as itself written as in JSON: `\n`, `\u001b`, `\u202e`.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    // Nearly every text is plain ASCII.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.chars().any(is_special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // All of them are below U+10000. Writing to a String cannot fail.
            c if is_special(c) => drop(write!(escaped, "\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, and what breaks a line, turns its direction (Unicode Standard Annex 9, 2) or is not seen.
fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_that_moves_the_cursor_stays() {
        for (text, escaped) in [
            ("alice", "alice"),
            ("ünïcode", "ünïcode"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{7f}", "\\u001b[31mred\\u007f"),
            ("\u{9b}31m", "\\u009b31m"),
            ("\u{202e}gol\u{2028}\u{2066}\u{feff}", "\\u202egol\\u2028\\u2066\\ufeff"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }
}
