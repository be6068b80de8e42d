//! A posted body → events.

use super::Rejection;
use crate::event::{Event, EventList, Malformed, Text, parse_event};
use serde::Deserialize;

/// The events of one body. They borrow from it.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The version that the list says of itself: `audit.k8s.io/v1`.
    pub version: Text<'a>,
    /// In their order.
    pub events: Vec<Item<'a>>,
}

impl Batch<'_> {
    /// How many of the events kaudit cannot read.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.events.iter().filter(|item| matches!(item, Item::Unreadable { .. })).count()
    }
}

/// One event.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events that are read")]
pub enum Item<'a> {
    /// As it came and as it is read.
    Read(Event<'a>),
    /// An object that kaudit does not understand as an event: of a level or a stage that a later release has, perhaps. The
    /// API server does not send it again, so it is kept as it came.
    Unreadable {
        /// Its JSON, unchanged.
        json: &'a str,
        /// Whether it has a type of its own; in a list it is left out.
        is_typed: bool,
    },
}

/// Reads a body.
///
/// # Errors
/// It is no JSON, no `EventList` of a known version, or an item of it is no object or says that it is something else than an
/// event. Nothing of such a body is taken: the API server sends none, and half a batch would be neither refused nor written.
pub fn read(body: &[u8]) -> Result<Batch<'_>, Rejection> {
    let text = std::str::from_utf8(body).map_err(|_| Rejection::NotJson)?;
    let list = EventList::parse(text.trim_ascii()).map_err(|why| match why {
        Malformed::NoEvent { .. } | Malformed::UnknownVersion => Rejection::NotEventList,
        Malformed::NotUtf8 | Malformed::TooLong | Malformed::CutOff | Malformed::NotJson { .. } => {
            Rejection::NotJson
        }
    })?;
    let items = list.items().enumerate();
    let events = items.map(|(index, json)| read_item(json).ok_or(Rejection::NotEvent(index)));
    Ok(Batch { events: events.collect::<Result<_, _>>()?, version: list.api_version })
}

fn read_item(json: &str) -> Option<Item<'_>> {
    parse_event(json).map_or_else(|_| keep(json), |event| Some(Item::Read(event)))
}

/// An item that was not read, unless it cannot be an event.
fn keep(json: &str) -> Option<Item<'_>> {
    #[derive(Deserialize)]
    struct Type<'a> {
        #[serde(borrow)]
        kind: Option<Text<'a>>,
    }
    let kind = serde_json::from_str(json).map(|Type { kind }| kind.unwrap_or_default());
    let is_typed = match kind.as_deref() {
        Ok("") => false,
        Ok("Event") | Err(_) => true,
        Ok(_) => return None,
    };
    json.starts_with('{').then_some(Item::Unreadable { json, is_typed })
}
