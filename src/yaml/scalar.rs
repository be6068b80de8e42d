//! How Go resolves a plain scalar: YAML 1.1 as in go-yaml v2, converted to JSON by `sigs.k8s.io/yaml`.
//!
//! The kubelet and the API server use `sigs.k8s.io/yaml` with `go.yaml.in/yaml/v2`; the rules are those of its `resolve.go`.
//! They differ from YAML 1.2 (`yes` is a boolean, `017` is 15) and from YAML 1.1 (`12:30` is a string).
//! `tests/yaml/go-scalars.tsv` holds Go's own results.

use crate::go::format_float;
use serde_json::{Number, Value};

/// The type of a plain scalar in Go.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// Nothing, `~`, `null`.
    Null,
    /// Also `yes`, `no`, `on`, `off`, `y`, `n`.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// A larger one that fits 64 bits without sign.
    Uint(u64),
    /// All other numbers, including integers of more than 64 bits, `.inf` and `.nan`.
    Float(f64),
    /// `<<`: a merge key; in other positions a string.
    Merge,
    /// A string. This includes timestamps, which Go decodes as strings into untyped values.
    Str,
}

/// Resolves the text of a plain scalar without tag.
#[must_use]
pub fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        // go-yaml passes this unchanged to `strconv.ParseFloat`, which accepts underscores only between digits.
        _ if text.starts_with('.') && has_underscores_between_digits(text) => {
            resolve_float(&text.replace('_', "")).unwrap_or(Resolved::Str)
        }
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') => {
            let digits = text.replace('_', "");
            resolve_int(&digits).or_else(|| resolve_float(&digits)).unwrap_or(Resolved::Str)
        }
        _ => Resolved::Str,
    }
}

impl Resolved {
    /// The JSON value of a scalar `text` that resolved to this; `None` for infinities and not-a-number, which Go rejects
    /// because JSON cannot represent them.
    #[must_use]
    pub fn to_json(&self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::from(*value),
            Self::Uint(value) => Value::from(*value),
            Self::Float(value) => Value::Number(json_number(*value)?),
            Self::Merge | Self::Str => Value::from(text),
        })
    }

    /// The JSON key of a key `text` that resolved to this; `None` where Go rejects the key.
    #[must_use]
    pub fn to_json_key(&self, text: &str) -> Option<String> {
        match self {
            Self::Null | Self::Uint(_) => None,
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(float_key(*value)),
            Self::Merge | Self::Str => Some(text.to_owned()),
        }
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: the prefix sets the base, a leading zero means octal. Then
/// go-yaml's own parsing of `0b` and `-0b`, which accepts a second sign.
fn resolve_int(text: &str) -> Option<Resolved> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let signed = unsigned.len() < text.len();
    let (base, digits) = split_base(unsigned);
    if digits.starts_with(['+', '-']) {
        let rest = text.strip_prefix("0b")?;
        return i64::from_str_radix(rest, 2).ok().map(Resolved::Int);
    }
    // The digit zero alone is octal with nothing after the prefix.
    let magnitude = if unsigned == "0" { 0 } else { u64::from_str_radix(digits, base).ok()? };
    match i64::try_from(magnitude) {
        Ok(value) => Some(Resolved::Int(if negative { -value } else { value })),
        Err(_) if negative && magnitude == i64::MIN.unsigned_abs() => Some(Resolved::Int(i64::MIN)),
        Err(_) if signed => None,
        Err(_) => Some(Resolved::Uint(magnitude)),
    }
}

fn split_base(unsigned: &str) -> (u32, &str) {
    let bases = [("0b", "0B", 2), ("0o", "0O", 8), ("0x", "0X", 16)];
    for (lower, upper, base) in bases {
        if let Some(digits) = unsigned.strip_prefix(lower).or_else(|| unsigned.strip_prefix(upper)) {
            return (base, digits);
        }
    }
    match unsigned.strip_prefix('0') {
        Some(digits) => (8, digits),
        None => (10, unsigned),
    }
}

/// A float that matches go-yaml's pattern, `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and is finite.
fn resolve_float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|digits| !digits.is_empty()))
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits));
    if !well_formed {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Resolved::Float)
}

/// Whether every underscore is between two digits.
fn has_underscores_between_digits(text: &str) -> bool {
    let parts: Vec<_> = text.split('_').collect();
    let ends_in_digit = |part: &&str| part.ends_with(|c: char| c.is_ascii_digit());
    let starts_with_digit = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    parts.split_last().is_none_or(|(_, before)| before.iter().all(ends_in_digit))
        && parts.split_first().is_none_or(|(_, after)| after.iter().all(starts_with_digit))
}

/// The number that a JSON parser reads from Go's output for a float: `8` for 8.0, so an integer.
fn json_number(value: f64) -> Option<Number> {
    let printed = value.to_string();
    let below_exponent_form = value.abs() < 1e21;
    let integer = if below_exponent_form && value.is_sign_positive() {
        printed.parse().ok().map(|integer: u64| Number::from(integer))
    } else if below_exponent_form && value != 0.0 {
        printed.parse().ok().map(|integer: i64| Number::from(integer))
    } else {
        None
    };
    integer.or_else(|| Number::from_f64(value))
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's names for infinities and not-a-number.
fn float_key(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go rounds float keys to 32 bits too")]
    let rounded = value as f32;
    match format_float(rounded).as_str() {
        "NaN" => ".nan".to_owned(),
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        number => number.to_owned(),
    }
}
