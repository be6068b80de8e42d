//! The value of a JSON text as Go decodes it into a policy: a key that is there twice is decoded twice, into the same place.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::policy::load::decode::fits;
use crate::policy::load::shape::{POLICY, Shape};

/// Reads a text.
///
/// # Errors
///
/// What has no value; and a key that is there twice where it is not known what Go makes of the two.
pub(in crate::policy) fn read(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Decoded(Shape::Struct(&POLICY)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// What is decoded into a Go value of the shape.
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
        let item = if let Shape::List(_, item) = self.0 { *item } else { Shape::Anything };
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
            let merged = merged.ok_or_else(|| A::Error::custom(format!("the key `{key}` is there twice")))?;
            entries.insert(key, merged);
        }
        Ok(Value::Object(entries))
    }
}

/// The shape of what the key has; `None` for one that the API server drops.
fn of_key(owner: Shape, key: &str) -> Option<Shape> {
    match owner {
        Shape::Struct(owner) => owner.field(key),
        Shape::Labels => Some(Shape::Text("string")),
        _ => None,
    }
}

/// What Go has after it decoded `first` and then `second` into the same place: what the second does not mention stays.
/// `None` where that is not known, or where the first is an error that is not in the result.
fn merge(shape: Option<Shape>, first: Value, second: Value) -> Option<Value> {
    let Some(shape) = shape else { return Some(second) };
    if !fits(&first, shape) {
        return None;
    }
    match (shape, first, second) {
        (Shape::Text(_) | Shape::Struct(_), first, Value::Null) => Some(first),
        (Shape::List(..), _, Value::Null) => Some(Value::Null),
        (_, Value::Null, second) => Some(second),
        (Shape::Text(_), _, second @ Value::String(_)) | (Shape::Bool, _, second @ Value::Bool(_)) => {
            Some(second)
        }
        (Shape::List(_, item), Value::Array(first), Value::Array(second)) => {
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
