//! Writes strings so that every parser reads them back: without quotes only where YAML 1.1 and 1.2 agree.

use super::scalar::{Resolved, resolve};
use super::tree::ScalarStyle;

/// How strings are to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoting {
    /// The style to use where the text allows it.
    pub(super) style: ScalarStyle,
    /// Whether the string is in a flow collection, where more characters need quotes.
    pub(super) in_flow: bool,
}

/// Writes `text` as a scalar of one line.
pub(super) fn write_string(text: &str, quoting: Quoting) -> String {
    match quoting.style {
        ScalarStyle::SingleQuoted if text.chars().all(is_printable) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded
            if is_safe_plain(text, quoting.in_flow) =>
        {
            text.to_owned()
        }
        _ => write_double_quoted(text),
    }
}

/// Double quotes with the escapes that JSON has too.
fn write_double_quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            _ if is_printable(c) => written.push(c),
            // Everything unprintable is in the basic multilingual plane, so four digits are enough.
            _ => written.extend(format!("\\u{:04x}", u32::from(c)).chars()),
        }
    }
    written.push('"');
    written
}

/// Whether no parser needs an escape sequence for this character or reads it as a line break.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_safe_plain(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts_well = match first {
        // An option such as `--flag` is not a list item; `---` starts a document.
        '-' => !text.starts_with("---") && text.len() > 1 && !text.starts_with("- "),
        '.' => !text.starts_with("..."),
        _ => !"?:,[]{}#&*!|>'\"%@`= ".contains(first),
    };
    let breaks_off = text.contains(": ") || text.ends_with(':') || text.contains(" #") || text.ends_with(' ');
    let breaks_flow = in_flow && text.contains([',', '[', ']', '{', '}', '?', ':']);
    starts_well
        && !breaks_off
        && !breaks_flow
        && text.chars().all(is_printable)
        && resolve(text) == Resolved::Str
        && !is_number_in_yaml_1_1(text)
}

/// Sexagesimal numbers (`12:30`) and timestamps, which go-yaml reads as strings and other YAML 1.1 parsers do not.
fn is_number_in_yaml_1_1(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let starts_with_digit = digits.starts_with(|c: char| c.is_ascii_digit());
    let sexagesimal = text.contains(':') && digits.chars().all(|c| c.is_ascii_digit() || "_:.".contains(c));
    let timestamp = text.len() > 5
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.as_bytes().get(4) == Some(&b'-')
        && text.as_bytes().get(5).is_some_and(u8::is_ascii_digit);
    starts_with_digit && (sexagesimal || timestamp)
}
