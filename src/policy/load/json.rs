//! The value of a JSON text as Go decodes it into a policy: a duplicate key is decoded twice, into the same field.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::policy::load::decode::fits;
use crate::policy::load::shape::{POLICY, Shape};
use crate::yaml::MAX_DEPTH_IN_GO;

/// Checks the syntax as Go's `encoding/json` does, which accepts some values that cannot be read.
///
/// # Errors
///
/// The byte of the first error, and the message. Where the text ends too early, the byte is its length.
pub(in crate::policy) fn check_syntax(text: &str) -> Result<(), (usize, String)> {
    let error = serde_json::from_str::<IgnoredAny>(text).err();
    let error = error.map(|error| (offset_of(&error, text), message_of(&error)));
    let too_deep = find_too_deep(text).map(|at| (at, format!("it has more than {MAX_DEPTH_IN_GO} levels")));
    error.into_iter().chain(too_deep).min_by_key(|(at, _)| *at).map_or(Ok(()), Err)
}

/// The message of the error without its position.
#[must_use]
pub fn message_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

/// The byte at which Go stops.
fn offset_of(error: &serde_json::Error, text: &str) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let after = lines.map(str::len).sum::<usize>() + error.column();
    let ends_early = |text: String| serde_json::from_str::<IgnoredAny>(&text).is_err_and(|it| it.is_eof());
    let message = error.to_string();
    // serde_json stops before a control character, reads the digits of `\u` at once, and reads a number at the end of the
    // text as if another character followed.
    if message.starts_with("control character") {
        return after;
    }
    if message.starts_with("EOF while parsing a string") || message.starts_with("invalid escape") {
        let escapes = text.match_indices("\\u").map(|(at, _)| at + 2);
        let wrong =
            escapes.filter(|digits| (after.saturating_sub(4)..=after).contains(digits)).find_map(|digits| {
                let (before, rest) = text.split_at_checked(digits)?;
                let (wrong, _) = rest.char_indices().take(4).find(|(_, c)| !c.is_ascii_hexdigit())?;
                (!ends_early(format!("{before}...."))).then_some(digits + wrong)
            });
        if let Some(wrong) = wrong {
            return wrong;
        }
    }
    let is_early =
        error.is_eof() || (message.starts_with("invalid number") && ends_early(format!("{text}1")));
    if is_early { text.len() } else { after.saturating_sub(1) }
}

/// The byte of the first bracket that is too deep for Go.
fn find_too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string && depth == MAX_DEPTH_IN_GO => return Some(at),
            b'{' | b'[' if !is_string => depth += 1,
            b'}' | b']' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Reads a text.
///
/// # Errors
///
/// A value that cannot be read, or a duplicate key where the result of Go is not known.
pub(in crate::policy) fn read(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Decoded(Shape::Struct(&POLICY)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value that is decoded into a Go value of the shape.
#[derive(Clone, Copy)]
struct Decoded(Shape);

impl<'de> DeserializeSeed<'de> for Decoded {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0 {
            Shape::Struct(_) | Shape::List(..) | Shape::Labels => deserializer.deserialize_any(self),
            _ => Value::deserialize(deserializer),
        }
    }
}

impl<'de> Visitor<'de> for Decoded {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let item = if let Shape::List(item) = self.0 { *item } else { Shape::Anything };
        let mut items = Vec::new();
        while let Some(value) = sequence.next_element_seed(Decoded(item))? {
            items.push(value);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Map::new();
        let mut counts: HashMap<String, u32> = HashMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let shape = of_key(self.0, &key);
            let value = map.next_value_seed(Decoded(shape.unwrap_or(Shape::Anything)))?;
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            let merged = match entries.remove(&key) {
                Some(first) if shape.is_some() => merge(shape, first, value).filter(|_| *count == 2),
                _ => Some(value),
            };
            let merged = merged.ok_or_else(|| A::Error::custom(format!("the key `{key}` is set twice")))?;
            entries.insert(key, merged);
        }
        Ok(Value::Object(entries))
    }
}

/// The shape of the key's value; `None` for a key that the API server ignores.
fn of_key(owner: Shape, key: &str) -> Option<Shape> {
    match owner {
        Shape::Struct(owner) => owner.field(key),
        Shape::Labels => Some(Shape::Text),
        _ => None,
    }
}

/// The result of decoding `first` and then `second` into the same place: fields that the second does not set stay.
/// `None` where that is not known, or where the first cannot be decoded.
fn merge(shape: Option<Shape>, first: Value, second: Value) -> Option<Value> {
    let Some(shape) = shape else { return Some(second) };
    if !fits(&first, shape) {
        return None;
    }
    match (shape, first, second) {
        (Shape::Text | Shape::Struct(_), first, Value::Null) => Some(first),
        (Shape::List(..), _, Value::Null) => Some(Value::Null),
        (_, Value::Null, second) => Some(second),
        (Shape::Text, _, second @ Value::String(_)) | (Shape::Bool, _, second @ Value::Bool(_)) => {
            Some(second)
        }
        (Shape::List(item), Value::Array(first), Value::Array(second)) => {
            let mut first = first.into_iter();
            let merged = second.into_iter().map(|second| match first.next() {
                Some(first) => merge(Some(*item), first, second),
                None => Some(second),
            });
            merged.collect::<Option<Vec<Value>>>().map(Value::Array)
        }
        (Shape::Struct(owner), Value::Object(mut first), Value::Object(second)) => {
            for (key, value) in second {
                let value = match first.remove(&key) {
                    Some(first) => merge(owner.field(&key), first, value)?,
                    None => value,
                };
                first.insert(key, value);
            }
            Some(Value::Object(first))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those at which Go 1.26 stops.
    #[test]
    fn finds_the_byte_at_which_go_stops() {
        for (text, at) in [
            ("{", 1),
            ("{\"a\":1}]", 7),
            ("{\"a\":[1 2]}", 8),
            ("{\"a\" 1}", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\":[1,]}", 8),
            ("{{ .Values }}", 1),
            ("{'a':1}", 1),
            ("{\"a\":tru}", 8),
            ("{\"a\":tru", 8),
            ("{\"a\":-x}", 6),
            ("{\"a\":-", 6),
            ("{\"a\":1.x}", 7),
            ("{\"a\":1e\"}", 7),
            ("{\"a\":\"\\x\"}", 7),
            ("{\"a\":\"\\u12g4\"}", 10),
            ("{\"a\":\"\\\\\\u1ü", 11),
            ("{\"a\":\"\n\"}", 6),
            ("{\"a\":ü}", 5),
        ] {
            assert_eq!(check_syntax(text).unwrap_err().0, at, "{text}");
        }
        assert_eq!(check_syntax(&"[".repeat(10_001)).unwrap_err().0, 10_000);
    }

    #[test]
    fn accepts_all_json_syntax() {
        for text in [" {} ", "[]", "{\"a\":[{},[],-0.5e+3,\"\\ud800\\\"\",true,false,null,1e999]}", "1"] {
            assert_eq!(check_syntax(text), Ok(()), "{text}");
        }
    }
}
