//! Formatting an event: a line for people, JSON, or a CSV row.
//!
//! Names, paths and messages come from the clients of the API server. They are [escaped](crate::printable), so that
//! one event is always one line and cannot control a terminal.

use super::body::Item;
use super::{Batch, Rejection};
use crate::event::Event;
use crate::logs::{Field, csv};
use crate::printable::escape;

/// The output format of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One line of text.
    Line,
    /// One JSON object per line, like the API server's own log.
    Json,
    /// CSV with a header line.
    Csv(Vec<Field>),
}

impl Form {
    /// The default fields of CSV.
    pub const CSV: [Field; 11] = [
        Field::Time,
        Field::Level,
        Field::Stage,
        Field::Uri,
        Field::Verb,
        Field::User,
        Field::SourceIps,
        Field::Resource,
        Field::Name,
        Field::Decision,
        Field::Reason,
    ];

    /// The bytes that a new file starts with.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        if let Self::Csv(fields) = self {
            csv::record(fields.iter().map(|field| field.name()), &mut header);
        }
        header
    }
}

/// The columns of a line; the reason follows them.
const WORDS: [Field; 12] = [
    Field::Time,
    Field::Level,
    Field::Stage,
    Field::Code,
    Field::User,
    Field::As,
    Field::Verb,
    Field::Resource,
    Field::Object,
    Field::Uri,
    Field::SourceIps,
    Field::Decision,
];

/// How many events were written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// All events.
    pub events: usize,
    /// The events among them that kaudit cannot parse.
    pub unreadable: usize,
}

/// Appends the events of a batch to `out`, one line each.
///
/// An event that kaudit cannot parse is written as its JSON: as the line, or as the first cell of a CSV row.
///
/// # Errors
/// An item is not an event. The caller must then discard `out`: the API server does not send such a body, and half of
/// a batch would be neither rejected nor written.
pub fn write(batch: &Batch<'_>, form: &Form, out: &mut Vec<u8>) -> Result<Written, Rejection> {
    let mut written = Written::default();
    for item in batch.items() {
        let item = &item?;
        written.events += 1;
        written.unreadable += usize::from(matches!(item, Item::Unreadable { .. }));
        match (form, item) {
            (Form::Json, item) => write_json(item, batch.version(), out),
            (Form::Line, Item::Read(event)) => write_line(event, out),
            (Form::Csv(fields), Item::Read(event)) => {
                csv::record(fields.iter().map(|field| field.of(event)), out);
            }
            (Form::Line, Item::Unreadable { json, .. }) => {
                out.extend_from_slice(escape(&on_one_line(json)).as_bytes());
                out.push(b'\n');
            }
            (Form::Csv(fields), Item::Unreadable { json, .. }) => {
                let rest = fields.iter().skip(1).map(|_| String::new());
                csv::record(std::iter::once(on_one_line(json)).chain(rest), out);
            }
        }
    }
    Ok(written)
}

/// `2026-11-21T03:14:15.926535Z Metadata ResponseComplete 200 alice - create pods shop/web /api/v1/… 192.0.2.7 allow "why"`
fn write_line(event: &Event<'_>, out: &mut Vec<u8>) {
    for field in WORDS {
        write_word(&field.of(event), out);
        out.push(b' ');
    }
    let reason = Field::Reason.of(event);
    out.extend_from_slice(format!("\"{}\"\n", escape(&reason).replace('"', "\\\"")).as_bytes());
}

/// Writes a value without spaces; `-` for an empty one.
fn write_word(word: &str, out: &mut Vec<u8>) {
    match word {
        "" => out.push(b'-'),
        // Distinguishes a literal `-` from an empty value.
        "-" => out.extend_from_slice(b"\\u002d"),
        word => {
            for byte in escape(word).bytes() {
                match byte {
                    b' ' => out.extend_from_slice(b"\\u0020"),
                    byte => out.push(byte),
                }
            }
        }
    }
}

/// The event as received, on one line, with the type that items of a list omit.
fn write_json(item: &Item<'_>, version: &str, out: &mut Vec<u8>) {
    let (json, is_typed) = match item {
        Item::Read(event) => (event.json, event.is_typed()),
        Item::Unreadable { json, is_typed } => (*json, *is_typed),
    };
    // `body::Batch::items` ensures that it is an object with at least one member.
    let rest = json.strip_prefix('{').unwrap_or(json);
    out.push(b'{');
    if !is_typed {
        out.extend_from_slice(format!("\"kind\":\"Event\",\"apiVersion\":\"{version}\",").as_bytes());
    }
    if has_line_breaks(rest) {
        out.extend_from_slice(on_one_line(rest).as_bytes());
    } else {
        out.extend_from_slice(rest.as_bytes());
    }
    out.push(b'\n');
}

/// The API server sends no line breaks, and searching for two bytes is much faster than splitting.
fn has_line_breaks(json: &str) -> bool {
    memchr::memchr2(b'\n', b'\r', json.as_bytes()).is_some()
}

/// In JSON, line breaks occur only between tokens, where they are optional; within strings they are escaped (RFC 8259,
/// 7).
fn on_one_line(json: &str) -> String {
    json.split(['\n', '\r']).map(str::trim).collect()
}
