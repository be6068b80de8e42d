//! The part of a report's JSON object that only one command has.

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap as _, Serializer};
use serde_json::Value;

/// What a command adds to the JSON object of its report.
pub trait Section: Serialize {
    /// The key of the object that it is added under.
    const KEY: &'static str;
}

/// A section as JSON. The types of the sections belong to the commands, which this module does not know.
#[derive(Debug)]
pub struct Details {
    key: &'static str,
    value: serde_json::Result<Value>,
}

impl Details {
    /// Takes a section. That it cannot be written as JSON is reported when the report is printed.
    #[must_use]
    pub fn of<V: Section>(section: &V) -> Self {
        Self { key: V::KEY, value: serde_json::to_value(section) }
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value.as_ref().map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.key, value)?;
        map.end()
    }
}
