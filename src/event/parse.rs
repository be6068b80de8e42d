//! Parses the events in a line of a log.

use crate::event::model::Event;
use crate::event::text::Text;
use crate::policy::{API_GROUP, ApiVersion};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

/// The content of a line of a log.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events, and none is kept")]
pub enum Line<'a> {
    /// Nothing but white space.
    Blank,
    /// One event, as the log backend writes it.
    Event(Event<'a>),
    /// The events of an `EventList`, as the webhook backend sends them; an invalid item is the reason instead.
    List(Vec<Result<Event<'a>, Malformed>>),
}

/// Why a line has no event. It does not contain any text of the line, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// It is not UTF-8, which the API server always writes.
    NotUtf8,
    /// It is longer than [`LINE_LIMIT`](crate::lines::LINE_LIMIT).
    TooLong,
    /// The JSON is incomplete, as in the last line of a log that is being written.
    CutOff,
    /// It is not JSON.
    NotJson {
        /// The byte in the line, from 1.
        column: usize,
    },
    /// It is JSON but not an event: a member is missing, is duplicated, or has the wrong type.
    NoEvent {
        /// The byte in the line, from 1.
        column: usize,
    },
    /// An event of an unsupported version of `audit.k8s.io`.
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
/// The line is not blank and has no event.
pub fn parse_line(line: &[u8]) -> Result<Line<'_>, Malformed> {
    let text = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
    let json = text.trim_ascii();
    if json.is_empty() {
        return Ok(Line::Blank);
    }
    match parse_event(json) {
        // A list has no level, so parsing it as an event fails, and it is parsed again as a list.
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
/// It is not an event.
pub fn parse_event(json: &str) -> Result<Event<'_>, Malformed> {
    let mut event: Event<'_> = serde_json::from_str(json).map_err(|error| malformed(&error))?;
    // serde also accepts an array for a struct.
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
    /// The version of the list and of its events.
    #[serde(borrow)]
    pub api_version: Text<'a>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

impl<'a> EventList<'a> {
    /// Reads a list, without white space around it. Its items are neither parsed nor counted: a body of some MB may
    /// have millions of them.
    ///
    /// # Errors
    /// It is not a list of events, or it has an unsupported version.
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
        // The text after the opening bracket, and then after each comma.
        let mut rest = self.items.and_then(|items| items.get().strip_prefix('['));
        std::iter::from_fn(move || {
            let text = rest?.trim_ascii_start();
            let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
            // The closing bracket is not a value, which ends the iteration.
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
