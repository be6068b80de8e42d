//! Small parts of Go's standard library that the API server's result or messages depend on.

use serde_json::Value;

pub(in crate::policy) use crate::go::quote;
use crate::yaml::{Path, Step};

/// A path as the API server prints it: `rules[0].resources[1].group`.
pub(in crate::policy) fn field_path(path: &Path) -> String {
    let mut printed = String::new();
    for step in path.steps() {
        match step {
            Step::Index(index) => printed.extend(["[", &index.to_string(), "]"]),
            Step::Key(key) if printed.is_empty() => printed.push_str(key),
            Step::Key(key) => printed.extend([".", key]),
        }
    }
    printed
}

/// A value as `encoding/json` writes it, which escapes what HTML would read as markup.
pub(in crate::policy) fn json(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Whether the text is taken for JSON: its first character that is not a space opens a brace.
pub(in crate::policy) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Whether `encoding/json` takes `key` for the field `name`: it ignores case, by Unicode's simple folding, in
/// which the long s and the Kelvin sign are letters of the alphabet.
pub(in crate::policy) fn folds_to(key: &str, name: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

/// Whether `text` is a time as `time.Parse(time.RFC3339, …)` accepts it, which takes an hour of one digit and a
/// decimal comma as well.
pub(in crate::policy) fn is_rfc3339(text: &str) -> bool {
    read_rfc3339(text).is_some()
}

fn read_rfc3339(text: &str) -> Option<()> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let rest = rest.strip_prefix('T')?;
    let (hour, rest) = digits(rest, 2).or_else(|| digits(rest, 1))?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    if let Some(fraction) = rest.strip_prefix(['.', ','])
        && fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    if rest != "Z" {
        let (hours, rest) = digits(rest.strip_prefix(['+', '-'])?, 2)?;
        let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
        if hours > 24 || minutes > 60 || !rest.is_empty() {
            return None;
        }
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60).then_some(())
}

/// The number in the first `count` characters, which must be digits, and what follows.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_as_go_does() {
        for accepted in [
            "2020-01-01T00:00:00Z",
            "2020-02-29T23:59:59.123456789+02:00",
            "2020-01-01T1:02:03Z",
            "2020-01-01T00:00:00,5Z",
        ] {
            assert!(is_rfc3339(accepted), "{accepted}");
        }
        for refused in
            ["", "2020-01-01", "2021-02-29T00:00:00Z", "2020-01-01T24:00:00Z", "2020-01-01t00:00:00z"]
        {
            assert!(!is_rfc3339(refused), "{refused}");
        }
    }
}
