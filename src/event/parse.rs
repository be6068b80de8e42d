//! A line of a log → the events in it.

use crate::event::model::Event;
use crate::event::text::Text;
use crate::policy::{API_GROUP, ApiVersion};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

/// What a line of a log has in it.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events, and none is kept")]
pub enum Line<'a> {
    /// Nothing but white space.
    Blank,
    /// One event, as the log backend writes it.
    Event(Event<'a>),
    /// The events of an `EventList`, as the webhook backend sends them; those that are none are left out, and why.
    List(Vec<Result<Event<'a>, Malformed>>),
}

/// Why a line has no event. It says nothing of what stands in the line: that may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Its bytes are no UTF-8, which the API server always writes.
    NotUtf8,
    /// It is longer than [`LINE_LIMIT`](crate::lines::LINE_LIMIT).
    TooLong,
    /// It ends in the middle of the JSON, as the last line of a log that is being written does.
    CutOff,
    /// It is not JSON.
    NotJson {
        /// The byte in the line, from 1.
        column: usize,
    },
    /// It is JSON and not an event: a member is missing, is there twice, or is of another kind than an event's.
    NoEvent {
        /// The byte in the line, from 1.
        column: usize,
    },
    /// An event of a version of `audit.k8s.io` that kaudit does not know.
    UnknownVersion,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::TooLong => write!(f, "longer than {} MiB", crate::lines::LINE_LIMIT >> 20),
            Self::CutOff => f.write_str("cut off"),
            Self::NotJson { column } => write!(f, "not JSON from byte {column} on"),
            Self::NoEvent { column } => write!(f, "JSON, but no audit event: see byte {column}"),
            Self::UnknownVersion => {
                write!(f, "an event of a version other than {API_GROUP}/v1, v1beta1, v1alpha1")
            }
        }
    }
}

/// Reads one line, without its line feed.
///
/// # Errors
/// It has no event, and is not blank.
pub fn parse_line(line: &[u8]) -> Result<Line<'_>, Malformed> {
    let text = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
    let json = text.trim_ascii();
    if json.is_empty() {
        return Ok(Line::Blank);
    }
    match parse_event(json) {
        // A list has no level, so it comes here, and costs a second look.
        Err(Malformed::NoEvent { column }) => match EventList::parse(json) {
            Ok(list) => Ok(Line::List(list.items().map(parse_event).collect())),
            Err(_) => Err(Malformed::NoEvent { column }),
        },
        event => Ok(Line::Event(event?)),
    }
}

/// Reads the JSON of one event, without white space around it.
///
/// # Errors
/// It is none.
pub fn parse_event(json: &str) -> Result<Event<'_>, Malformed> {
    let mut event: Event<'_> = serde_json::from_str(json).map_err(|error| malformed(&error))?;
    // serde takes a list of values for an object too.
    if !json.starts_with('{') || !event.kind.is_empty() && &*event.kind != "Event" {
        return Err(Malformed::NoEvent { column: 1 });
    }
    if !event.api_version.is_empty() && !is_known(&event.api_version) {
        return Err(Malformed::UnknownVersion);
    }
    event.json = json;
    Ok(event)
}

/// A list of events, as the webhook backend sends it. It borrows from its JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventList<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    /// Of the list, and of the events in it.
    #[serde(borrow)]
    pub api_version: Text<'a>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

impl<'a> EventList<'a> {
    /// Reads one, without white space around it. Its items are neither looked into nor counted: a body of some MB may have
    /// millions of them.
    ///
    /// # Errors
    /// It is none, or of a version that kaudit does not know.
    pub fn parse(json: &'a str) -> Result<Self, Malformed> {
        let list: Self = serde_json::from_str(json).map_err(|error| malformed(&error))?;
        let has_items = list.items.is_none_or(|items| items.get().starts_with('['));
        if !json.starts_with('{') || &*list.kind != "EventList" || !has_items {
            return Err(Malformed::NoEvent { column: 1 });
        }
        if is_known(&list.api_version) { Ok(list) } else { Err(Malformed::UnknownVersion) }
    }

    /// The JSON of each item.
    pub fn items(&self) -> impl Iterator<Item = &'a str> {
        // What stands after the bracket, and then after each comma.
        let mut rest = self.items.and_then(|items| items.get().strip_prefix('['));
        std::iter::from_fn(move || {
            let text = rest?.trim_ascii_start();
            let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
            // The bracket at the end is no value.
            values.next()?.ok()?;
            let (item, after) = text.split_at_checked(values.byte_offset())?;
            rest = after.trim_ascii_start().strip_prefix(',');
            Some(item)
        })
    }
}

fn malformed(error: &serde_json::Error) -> Malformed {
    match error.classify() {
        Category::Eof => Malformed::CutOff,
        Category::Data => Malformed::NoEvent { column: error.column() },
        Category::Syntax | Category::Io => Malformed::NotJson { column: error.column() },
    }
}

fn is_known(api_version: &str) -> bool {
    let version = api_version.strip_prefix(API_GROUP).and_then(|rest| rest.strip_prefix('/'));
    version.is_some_and(|version| ApiVersion::ALL.iter().any(|known| known.name() == version))
}
