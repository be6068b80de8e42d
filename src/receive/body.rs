//! Parsing a request body into events.

use super::Rejection;
use crate::event::{Event, EventList, Malformed, Text, parse_event};
use crate::policy::API_GROUP;
use serde::Deserialize;

/// The events of one body. They are read one at a time, because all of them parsed may take a hundred times the
/// memory.
#[derive(Debug)]
pub struct Batch<'a>(EventList<'a>);

impl<'a> Batch<'a> {
    /// The `apiVersion` of the list: `audit.k8s.io/v1`.
    pub(super) fn version(&self) -> &str {
        &self.0.api_version
    }

    /// The events in their order, or the index of an item that is not an event.
    pub fn items(&self) -> impl Iterator<Item = Result<Item<'a>, Rejection>> {
        let items = self.0.items().enumerate();
        items.map(|(index, json)| read_item(json).ok_or(Rejection::NotEvent(index)))
    }
}

/// One event.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all items are events, and none is stored")]
pub enum Item<'a> {
    /// An event, with its JSON.
    Read(Event<'a>),
    /// An object that kaudit cannot parse as an event, for example with a level or stage of a later release. The API
    /// server does not send it again, so it is kept as received.
    Unreadable {
        /// Its JSON, unchanged.
        json: &'a str,
        /// Whether it has its own `kind`; items of a list usually do not.
        is_typed: bool,
    },
}

/// Parses a body, but not its events.
///
/// # Errors
/// The body is not JSON, or not an `EventList` of a known version.
pub fn read(body: &[u8]) -> Result<Batch<'_>, Rejection> {
    let text = std::str::from_utf8(body).map_err(|_| Rejection::NotJson)?;
    EventList::parse(text.trim_ascii()).map(Batch).map_err(|why| match why {
        Malformed::NoEvent { .. } | Malformed::UnknownVersion => Rejection::NotEventList,
        Malformed::NotUtf8 | Malformed::TooLong | Malformed::CutOff | Malformed::NotJson { .. } => {
            Rejection::NotJson
        }
    })
}

fn read_item(json: &str) -> Option<Item<'_>> {
    match parse_event(json) {
        Ok(event) => (!event.audit_id.is_empty()).then_some(Item::Read(event)),
        Err(_) => keep(json),
    }
}

/// The fields that the API server writes into every event of every version, and the optional type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marks<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow, rename = "auditID")]
    audit_id: Text<'a>,
    #[serde(borrow)]
    level: Text<'a>,
    #[serde(borrow)]
    stage: Text<'a>,
}

/// Keeps an item that could not be parsed, unless it cannot be an event of any release.
fn keep(json: &str) -> Option<Item<'_>> {
    let marks: Marks<'_> = serde_json::from_str(json).ok().filter(|_| json.starts_with('{'))?;
    let (kind, version) = (marks.kind.unwrap_or_default(), marks.api_version.unwrap_or_default());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let is_event = matches!(&*kind, "" | "Event") && (version.is_empty() || group == API_GROUP);
    let is_marked = [marks.audit_id, marks.level, marks.stage].iter().all(|mark| !mark.is_empty());
    (is_event && is_marked).then_some(Item::Unreadable { json, is_typed: !kind.is_empty() })
}
