//! A posted body → events.

use super::Rejection;
use crate::event::{Event, EventList, Malformed, Text, parse_event};
use crate::policy::API_GROUP;
use serde::Deserialize;

/// The events of one body, from which they are read one at a time: all together, read, may take a hundred times its memory.
#[derive(Debug)]
pub struct Batch<'a>(EventList<'a>);

impl<'a> Batch<'a> {
    /// The version that the list says of itself: `audit.k8s.io/v1`.
    pub(super) fn version(&self) -> &str {
        &self.0.api_version
    }

    /// The events in their order; an item that is none, and says so by its place.
    pub fn items(&self) -> impl Iterator<Item = Result<Item<'a>, Rejection>> {
        let items = self.0.items().enumerate();
        items.map(|(index, json)| read_item(json).ok_or(Rejection::NotEvent(index)))
    }
}

/// One event.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events that are read, and none is kept")]
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

/// Reads a body, but not its events.
///
/// # Errors
/// It is no JSON, or no `EventList` of a known version.
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

/// What the API server writes into every event, of every version, and the type that it may have of its own.
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

/// An item that was not read, unless it cannot be an event of any release.
fn keep(json: &str) -> Option<Item<'_>> {
    let marks: Marks<'_> = serde_json::from_str(json).ok().filter(|_| json.starts_with('{'))?;
    let (kind, version) = (marks.kind.unwrap_or_default(), marks.api_version.unwrap_or_default());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let is_event = matches!(&*kind, "" | "Event") && (version.is_empty() || group == API_GROUP);
    let is_marked = [marks.audit_id, marks.level, marks.stage].iter().all(|mark| !mark.is_empty());
    (is_event && is_marked).then_some(Item::Unreadable { json, is_typed: !kind.is_empty() })
}
