//! An event as a line: for people, as JSON, or as a row of a table.
//!
//! Names, paths and messages come from whoever sends requests to the API server. A line is one line, whatever they hold:
//! control characters are escaped, so that nobody can write lines of his own or move the cursor of who reads them.

use super::Batch;
use super::body::{Event, Item};
use std::borrow::Cow;
use std::fmt::Write as _;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line for people.
    Line,
    /// One JSON object a line, as the API server writes its own log.
    Json,
    /// Comma-separated values (RFC 4180, but with a plain line feed), after a line of names.
    Csv,
}

/// The names of the columns.
const COLUMNS: &str = "time,level,stage,uri,verb,user,source_ips,resource,name,decision,reason\n";
/// What a new file begins with.
#[must_use]
pub fn header(form: Form) -> &'static str {
    match form {
        Form::Line | Form::Json => "",
        Form::Csv => COLUMNS,
    }
}

/// Writes the events of a batch, each ending in a line feed, at the end of `out`.
pub fn write(batch: &Batch<'_>, form: Form, out: &mut String) {
    for item in &batch.events {
        match form {
            Form::Line => write_line(&item.event, out),
            Form::Json => write_json(item, batch.version, out),
            Form::Csv => write_row(&item.event, out),
        }
        out.push('\n');
    }
}

/// `2026-11-21T03:14:15.926535Z Metadata ResponseComplete 200 alice create pods shop/web /api/v1/… 192.0.2.7 allow "why"`
fn write_line(event: &Event<'_>, out: &mut String) {
    let status = event.response_status.as_ref().map(|status| status.code.to_string());
    let status = status.unwrap_or_default();
    let user = user(event);
    let words = [
        time(event),
        &event.level,
        &event.stage,
        &status,
        &user,
        &event.verb,
        &resource(event),
        &name(event),
        &event.request_uri,
        &source_ips(event),
        decision(event),
    ];
    for word in words {
        write_word(word, out);
        out.push(' ');
    }
    out.push('"');
    escape(reason(event), &['"', '\\'], out);
    out.push('"');
}

/// A word without blanks; `-` for none.
fn write_word(word: &str, out: &mut String) {
    match word {
        "" => out.push('-'),
        // It could be taken for no word, and is none of kaudit's.
        "-" => out.push_str("\\x2d"),
        word => escape(word, &[' ', '\\'], out),
    }
}

/// The event as it came, on one line, with the type that it has in a log and that a list leaves out.
fn write_json(item: &Item<'_>, version: &str, out: &mut String) {
    let is_typed = !item.event.kind.is_empty();
    // It begins with a brace: `body::read` has seen to that.
    let rest = item.raw.strip_prefix('{').unwrap_or(item.raw);
    out.push('{');
    if !is_typed {
        // Writing to a String cannot fail.
        let _ = write!(out, "\"kind\":\"Event\",\"apiVersion\":\"{version}\"");
        if !rest.trim_start().starts_with('}') {
            out.push(',');
        }
    }
    push_on_one_line(rest, out);
}

/// Line breaks stand between the parts of JSON only, where nothing has to: within its strings they are escaped (RFC 8259,
/// 7).
fn push_on_one_line(json: &str, out: &mut String) {
    // The API server sends none, and to look for two bytes is much faster than to split.
    if !json.as_bytes().contains(&b'\n') && !json.as_bytes().contains(&b'\r') {
        out.push_str(json);
        return;
    }
    for line in json.split(['\n', '\r']) {
        out.push_str(line.trim());
    }
}

fn write_row(event: &Event<'_>, out: &mut String) {
    let columns = [
        time(event),
        &event.level,
        &event.stage,
        &event.request_uri,
        &event.verb,
        &user(event),
        &source_ips(event),
        &resource(event),
        &name(event),
        decision(event),
        reason(event),
    ];
    for (index, column) in columns.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_column(column, out);
    }
}

fn write_column(column: &str, out: &mut String) {
    let mut text = String::with_capacity(column.len());
    escape(column, &['\\'], &mut text);
    if text.contains([',', '"', ' ']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&text);
    }
}

/// Writes a text with control characters, what changes the direction of a line, and `also` as `\n`, `\x1b`, `\u{202e}`.
fn escape(text: &str, also: &[char], out: &mut String) {
    let is_special = |c: char| c.is_control() || turns_text(c) || also.contains(&c);
    for part in text.split_inclusive(is_special) {
        let mut chars = part.chars();
        match chars.next_back() {
            Some(special) if is_special(special) => {
                out.push_str(chars.as_str());
                // Writing to a String cannot fail.
                let _ = match special {
                    '\n' => out.write_str("\\n"),
                    '\r' => out.write_str("\\r"),
                    '\t' => out.write_str("\\t"),
                    '\\' => out.write_str("\\\\"),
                    '"' => out.write_str("\\\""),
                    special if special.is_ascii() => write!(out, "\\x{:02x}", u32::from(special)),
                    special => write!(out, "\\u{{{:x}}}", u32::from(special)),
                };
            }
            _ => out.push_str(part),
        }
    }
}

/// Line and paragraph separators and the marks that turn the direction of text (Unicode Standard Annex 9, 2).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn time<'a>(event: &'a Event<'_>) -> &'a str {
    if event.stage_timestamp.is_empty() { &event.request_received_timestamp } else { &event.stage_timestamp }
}

/// Who asked, and as whom: `admin(as:alice)`.
fn user<'a>(event: &'a Event<'_>) -> Cow<'a, str> {
    match &event.impersonated_user {
        Some(other) => Cow::Owned(format!("{}(as:{})", event.user.username, other.username)),
        None => Cow::Borrowed(&event.user.username),
    }
}

fn source_ips<'a>(event: &'a Event<'_>) -> Cow<'a, str> {
    match event.source_ips.as_deref() {
        None | Some([]) => Cow::Borrowed(""),
        Some([one]) => Cow::Borrowed(&one.0),
        Some(several) => {
            let texts: Vec<&str> = several.iter().map(|text| text.0.as_ref()).collect();
            Cow::Owned(texts.join(";"))
        }
    }
}

/// `deployments.apps/scale`
fn resource(event: &Event<'_>) -> String {
    let Some(object) = &event.object_ref else { return String::new() };
    let mut text = object.resource.to_string();
    for (sign, part) in [('.', &object.api_group), ('/', &object.subresource)] {
        if !part.is_empty() {
            text.push(sign);
            text.push_str(part);
        }
    }
    text
}

/// `shop/web`, `web`, `shop/`
fn name<'a>(event: &'a Event<'_>) -> Cow<'a, str> {
    match &event.object_ref {
        None => Cow::Borrowed(""),
        Some(object) if object.namespace.is_empty() => Cow::Borrowed(&object.name),
        Some(object) => Cow::Owned(format!("{}/{}", object.namespace, object.name)),
    }
}

fn decision<'a>(event: &'a Event<'_>) -> &'a str {
    event.annotations.as_ref().map_or("", |annotations| &annotations.decision)
}

fn reason<'a>(event: &'a Event<'_>) -> &'a str {
    event.annotations.as_ref().map_or("", |annotations| &annotations.reason)
}
