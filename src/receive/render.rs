//! An event as a line: for people, as JSON, or as a row of a table.
//!
//! Names, paths and messages come from whoever sends requests to the API server. A line is one line, whatever they hold:
//! they are [escaped](crate::printable), so that nobody can write lines of his own or move the cursor of who reads them.

use super::body::Item;
use super::{Batch, Rejection};
use crate::event::Event;
use crate::logs::{Field, csv};
use crate::printable::escape;

/// How events are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One line for people.
    Line,
    /// One JSON object a line, as the API server writes its own log.
    Json,
    /// Comma-separated values, after a line of names.
    Csv(Vec<Field>),
}

impl Form {
    /// Comma-separated values, where no fields are named.
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

    /// What a new file begins with.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        if let Self::Csv(fields) = self {
            csv::record(fields.iter().map(|field| field.name()), &mut header);
        }
        header
    }
}

/// The words of a line; the reason follows.
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
    /// All.
    pub events: usize,
    /// Of them those that kaudit cannot read.
    pub unreadable: usize,
}

/// Writes the events of a batch, each ending in a line feed, at the end of `out`.
///
/// One that kaudit cannot read comes out as its JSON in every form: as the line, or as the first cell of a row.
///
/// # Errors
/// An item is no event. What is in `out` then must not be used: the API server sends no such body, and half a batch would be
/// neither refused nor written.
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

/// A word without blanks; `-` for none.
fn write_word(word: &str, out: &mut Vec<u8>) {
    match word {
        "" => out.push(b'-'),
        // It could be taken for no word, and is none of kaudit's.
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

/// The event as it came, on one line, with the type that it has in a log and that a list leaves out.
fn write_json(item: &Item<'_>, version: &str, out: &mut Vec<u8>) {
    let (json, is_typed) = match item {
        Item::Read(event) => (event.json, event.is_typed()),
        Item::Unreadable { json, is_typed } => (*json, *is_typed),
    };
    // It begins with a brace and has a member: `body::Batch::items` has seen to that.
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

/// The API server sends none, and to look for two bytes is much faster than to split.
fn has_line_breaks(json: &str) -> bool {
    memchr::memchr2(b'\n', b'\r', json.as_bytes()).is_some()
}

/// Line breaks stand between the parts of JSON only, where nothing has to: within its strings they are escaped (RFC 8259,
/// 7).
fn on_one_line(json: &str) -> String {
    json.split(['\n', '\r']).map(str::trim).collect()
}
