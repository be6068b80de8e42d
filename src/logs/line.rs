//! Formats an event as one line of columns.
//!
//! The first lines are printed before the whole log is read, so the widths do not depend on the events. A text that is
//! longer than its column moves the rest of the line to the right; on a terminal, names are shortened in the middle
//! instead.

use super::field::{Field, code};
use crate::event::Event;
use crate::printable::{elide, escape};
use crate::styles::Styles;
use std::borrow::Cow;

/// The default columns: who did what, to which object, and the result.
const USUAL: [Field; 6] = [Field::Time, Field::Code, Field::Verb, Field::Who, Field::Resource, Field::Object];

/// The columns of `-o wide`.
const WIDE: [Field; 12] = [
    Field::Time,
    Field::Level,
    Field::Stage,
    Field::Code,
    Field::Latency,
    Field::Verb,
    Field::Who,
    Field::SourceIps,
    Field::Resource,
    Field::Object,
    Field::AuditId,
    Field::UserAgent,
];

/// Spaces between two columns.
const GAP: usize = 2;

/// Names are not shortened below this width.
const LEAST: usize = 8;

/// Columns and styles of a line.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Vec<Column>,
    styles: Styles,
    /// The width of the terminal, if lines must fit into it.
    terminal: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    field: Field,
    width: usize,
    /// Names may be shortened; times and codes may not.
    is_name: bool,
}

impl Layout {
    /// The default columns, for a terminal of this width, or for other output.
    #[must_use]
    pub fn usual(styles: Styles, terminal: Option<usize>) -> Self {
        Self::new(&USUAL, styles, terminal)
    }

    /// The columns of `-o wide`, never shortened.
    #[must_use]
    pub fn wide(styles: Styles) -> Self {
        Self::new(&WIDE, styles, None)
    }

    /// These columns.
    #[must_use]
    pub fn new(fields: &[Field], styles: Styles, terminal: Option<usize>) -> Self {
        let mut columns: Vec<Column> = fields.iter().map(|field| column(*field)).collect();
        if let Some(terminal) = terminal {
            share(&mut columns, terminal);
        }
        Self { columns, styles, terminal }
    }

    /// Adds the line for an event.
    pub(super) fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        // Where the next column should start, and where it starts.
        let (mut planned, mut position) = (0, 0);
        for (index, column) in self.columns.iter().enumerate() {
            let is_last = index + 1 == self.columns.len();
            let text = text_of(column.field, event);
            let left = self.terminal.map(|terminal| terminal.saturating_sub(position).max(1));
            let text = match left {
                Some(left) if is_last => elide(text, left),
                Some(_) if column.is_name => elide(text, column.width),
                _ => text,
            };
            position += text.chars().count();
            out.extend_from_slice(self.styled(column.field, event, &text).as_bytes());
            planned += column.width + GAP;
            if !is_last {
                let blanks = planned.saturating_sub(position).max(GAP);
                out.resize(out.len() + blanks, b' ');
                position += blanks;
            }
        }
        out.push(b'\n');
    }

    fn styled<'t>(&self, field: Field, event: &Event<'_>, text: &'t str) -> Cow<'t, str> {
        let styles = self.styles;
        if styles == Styles::plain() {
            return text.into();
        }
        match field {
            Field::Code => match code(event) {
                Some(100..=399) => styles.green(text).into(),
                Some(400..) => styles.red(text).into(),
                _ => text.into(),
            },
            Field::Verb if changes_something(&event.verb) => styles.yellow(text).into(),
            Field::User | Field::Who => styles.cyan(text).into(),
            Field::Decision if text == "forbid" => styles.red(text).into(),
            _ => text.into(),
        }
    }
}

fn changes_something(verb: &str) -> bool {
    !matches!(verb, "get" | "list" | "watch" | "head" | "options")
}

/// The column of a field. Most texts are not longer than its width.
fn column(field: Field) -> Column {
    let (width, is_name) = match field {
        Field::Time | Field::Received => (24, false),
        Field::Latency => (10, false),
        Field::Level => (8, false),
        Field::Stage => (16, false),
        Field::Code => (3, false),
        Field::Decision => (6, false),
        Field::Verb | Field::Bytes => (7, false),
        Field::AuditId => (36, false),
        Field::SourceIps => (15, false),
        Field::Namespace => (16, true),
        Field::User | Field::Who | Field::As | Field::Groups => (34, true),
        Field::Resource => (28, true),
        Field::Name | Field::Object | Field::Message | Field::Reason => (32, true),
        Field::Uri | Field::UserAgent => (48, true),
    };
    Column { field, width, is_name }
}

/// Divides the width that the other columns leave among the names, in proportion to their usual widths.
fn share(columns: &mut [Column], terminal: usize) {
    let gaps = GAP * columns.len().saturating_sub(1);
    let sum = |of_names: bool| -> usize {
        columns.iter().filter(|column| column.is_name == of_names).map(|column| column.width).sum()
    };
    let (names, others) = (sum(true), sum(false));
    let room = terminal.saturating_sub(gaps + others);
    for column in columns.iter_mut().filter(|column| column.is_name) {
        column.width = (room * column.width / names.max(1)).max(LEAST);
    }
}

fn text_of<'e>(field: Field, event: &'e Event<'e>) -> Cow<'e, str> {
    let text = field.of(event);
    let text = match text {
        Cow::Borrowed(text) => escape(text),
        Cow::Owned(text) => match escape(&text) {
            Cow::Owned(escaped) => escaped.into(),
            Cow::Borrowed(_) => text.into(),
        },
    };
    if text.is_empty() {
        return "-".into();
    }
    if matches!(field, Field::Time | Field::Received) { to_the_millisecond(text) } else { text }
}

/// `2026-11-21T03:14:15.926535Z` → `2026-11-21T03:14:15.926Z`; a time in another format is unchanged.
fn to_the_millisecond(time: Cow<'_, str>) -> Cow<'_, str> {
    const LENGTH: usize = "2026-11-21T03:14:15.926".len();
    match time.split_at_checked(LENGTH) {
        Some((head, tail)) if tail.ends_with('Z') && head.contains('.') && time.is_ascii() => {
            format!("{head}Z").into()
        }
        _ => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_to_the_millisecond() {
        for (time, expected) in [
            ("2026-11-21T03:14:15.926535Z", "2026-11-21T03:14:15.926Z"),
            ("2026-11-21T03:14:15.926Z", "2026-11-21T03:14:15.926Z"),
            ("2026-11-21T03:14:15Z", "2026-11-21T03:14:15Z"),
            ("2026-11-21T03:14:15.926535+01:00", "2026-11-21T03:14:15.926535+01:00"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(to_the_millisecond(time.into()), expected);
        }
    }
}
