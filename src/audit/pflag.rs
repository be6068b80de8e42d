//! How Go parses a flag's value: `strconv` and `time.ParseDuration`, which `github.com/spf13/pflag` calls.
//!
//! Each function returns the value or exactly the message that the API server would print, because that is what people
//! search for.

use crate::go::quote;
use std::fmt::Write as _;
use std::str::FromStr as _;

/// `strconv.ParseInt(text, 0, 64)`: decimal, `0x`, `0o`, `0b`, a leading zero for octal, `_` between digits.
///
/// # Errors
///
/// Go's message.
pub fn parse_int(text: &str) -> Result<i64, String> {
    let fail = |what: &str| format!("strconv.ParseInt: parsing {}: {what}", quote(text));
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) if text.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.as_str())
    } else {
        (10, lower.as_str())
    };
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    // Digits are checked here too, because `i64::from_str_radix` would accept a second sign.
    if plain.is_empty() || !plain.chars().all(|c| c.is_digit(radix)) || !underscores_separate_digits(&lower) {
        return Err(fail("invalid syntax"));
    }
    i64::from_str_radix(&format!("{sign}{plain}"), radix).map_err(|_| fail("value out of range"))
}

/// Go's rule for `_` in numbers: only between digits, or between a base prefix and a digit.
fn underscores_separate_digits(lower: &str) -> bool {
    let (hex, number, mut before) = match lower.get(..2) {
        Some("0x") => (true, lower.get(2..).unwrap_or(""), '0'),
        Some("0o" | "0b") => (false, lower.get(2..).unwrap_or(""), '0'),
        _ => (false, lower, '^'),
    };
    for c in number.chars() {
        let now = match c {
            '_' => '_',
            c if c.is_ascii_digit() || (hex && c.is_ascii_hexdigit()) => '0',
            _ => '!',
        };
        if (now == '_' && before != '0') || (now == '!' && before == '_') {
            return false;
        }
        before = now;
    }
    before != '_'
}

/// `strconv.ParseBool`.
///
/// # Errors
///
/// Go's message.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(text))),
    }
}

/// `strconv.ParseFloat(text, 32)`, except that hexadecimal floats (`0x1p-2`) are refused: Go accepts them, but a rate is
/// not written in this form.
///
/// # Errors
///
/// Go's message.
pub fn parse_float(text: &str) -> Result<f32, String> {
    let fail = |what: &str| format!("strconv.ParseFloat: parsing {}: {what}", quote(text));
    let lower = text.to_ascii_lowercase();
    let magnitude = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    let infinite = matches!(magnitude, "inf" | "infinity");
    let signed_nan = magnitude == "nan" && magnitude.len() != lower.len();
    if signed_nan || !underscores_separate_digits(magnitude) {
        return Err(fail("invalid syntax"));
    }
    let number = f32::from_str(&lower.replace('_', "")).map_err(|_| fail("invalid syntax"))?;
    if number.is_infinite() && !infinite { Err(fail("value out of range")) } else { Ok(number) }
}

/// `time.ParseDuration`: `1h30m`, `500ms`, `.5s`, `0`; the result is in nanoseconds.
///
/// # Errors
///
/// Go's message.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote_ascii(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    // Go counts up to 2^63 nanoseconds, so that the smallest negative number can be written.
    let mut nanoseconds: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = split_while(rest, |c| c.is_ascii_digit());
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split_while(after, |c| c.is_ascii_digit()),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let whole = match whole {
            "" => 0,
            digits => digits.parse::<u64>().ok().filter(|n| *n <= 1 << 63).ok_or_else(invalid)?,
        };
        let (unit, after) = split_while(after, |c| c != '.' && !c.is_ascii_digit());
        let size = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote_ascii(text))),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote_ascii(unit),
                    quote_ascii(text)
                ));
            }
        };
        nanoseconds = whole
            .checked_mul(size)
            .and_then(|part| part.checked_add(fraction_of(fraction, size)))
            .and_then(|part| part.checked_add(nanoseconds))
            .filter(|sum| *sum <= 1 << 63)
            .ok_or_else(invalid)?;
        rest = after;
    }
    match i64::try_from(nanoseconds) {
        Ok(nanoseconds) => Ok(if negative { -nanoseconds } else { nanoseconds }),
        Err(_) if negative => Ok(i64::MIN),
        Err(_) => Err(invalid()),
    }
}

/// What `.digits` of a unit of `size` nanoseconds is, rounded down.
fn fraction_of(digits: &str, size: u64) -> u64 {
    let digits = digits.get(..FRACTION_DIGITS).unwrap_or(digits);
    let numerator =
        digits.bytes().fold(0_u128, |sum, digit| sum * 10 + u128::from(digit.saturating_sub(b'0')));
    let denominator = digits.bytes().fold(1_u128, |power, _| power * 10);
    u64::try_from(numerator * u128::from(size) / denominator).unwrap_or(u64::MAX)
}

/// Further digits of a fraction are less than a nanosecond, even of an hour.
const FRACTION_DIGITS: usize = 18;

/// The longest start of `text` whose characters pass, and the rest.
fn split_while(text: &str, pass: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(|c| !pass(c)).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// The `quote` of Go's `time` package: all characters that are not printable ASCII as hexadecimal bytes.
fn quote_ascii(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if c < ' ' || !c.is_ascii() {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_hex(&mut quoted, u32::from(byte)));
        } else {
            if matches!(c, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
    }
    quoted.push('"');
    quoted
}

fn push_hex(text: &mut String, byte: u32) {
    // Writing to a `String` cannot fail.
    let _infallible = write!(text, "\\x{byte:02x}");
}
