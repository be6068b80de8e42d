//! Go's quoting of texts, for messages of the API server.

/// `strconv.Quote`, and `%q` of a string.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        push_visible(&mut quoted, c);
    }
    quoted.push('"');
    quoted
}

/// Escapes like [`quote`], without the quotation marks: where Go prints a text unchanged, which could change the
/// direction of a line or move the cursor.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    text.chars().for_each(|c| push_visible(&mut shown, c));
    shown
}

fn push_visible(text: &mut String, c: char) {
    let escaped = match c {
        c if is_printable(c) => return text.push(c),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        c if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
        c if u32::from(c) <= 0xffff => format!("\\u{:04x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    text.push_str(&escaped);
}

/// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. Rust and Go agree about
/// these, except for the newest characters of Unicode.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // Rust escapes a combining mark only at the start of a text.
    format!("a{c}").escape_debug().count() == 2
}

/// `strconv.FormatFloat(number, 'g', -1, 32)`, and `%v` of a `float32`.
#[must_use]
pub fn format_float(number: f32) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    // Below 1e-4 and from 1e6 on Go writes an exponent, of at least two digits.
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_percent_q_does() {
        let text =
            "a'\"\\\n\u{1}\u{7f}\u{85}üe\u{301}\u{a0}\u{ad}\u{200b}\u{200c}\u{202e}\u{feff}\u{e000}\u{e0001}";
        assert_eq!(
            quote(text),
            "\"a'\\\"\\\\\\n\\x01\\x7f\\u0085üe\u{301}\\u00a0\\u00ad\\u200b\\u200c\\u202e\\ufeff\\ue000\\U000e0001\""
        );
    }

    #[test]
    fn shows_what_is_printable_as_it_is() {
        assert_eq!(visible("a \"b\\c\" \u{202e}\t"), "a \"b\\c\" \\u202e\\t");
    }
}
