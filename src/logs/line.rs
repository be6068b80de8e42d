//! An event as one line of columns.
//!
//! A log is not read to its end before the first line is shown, so widths do not depend on what comes. A text that is
//! longer than its column pushes what follows to the right; on a terminal, names are cut in their middle instead.

use super::field::{Field, code};
use crate::event::Event;
use crate::printable::{elide, escape};
use crate::styles::Styles;
use std::borrow::Cow;

/// The columns of a line where none are named: who did what to what, and how it ended.
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

/// Between two columns.
const GAP: usize = 2;

/// A name that is cut to less says nothing.
const LEAST: usize = 8;

/// Columns and colours.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Vec<Column>,
    styles: Styles,
    /// The columns of the terminal, where lines must fit one.
    terminal: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    field: Field,
    width: usize,
    /// Names may be cut; times and codes may not.
    is_name: bool,
}

impl Layout {
    /// The usual columns, for a terminal of so many columns, or for no terminal.
    #[must_use]
    pub fn usual(styles: Styles, terminal: Option<usize>) -> Self {
        Self::new(&USUAL, styles, terminal)
    }

    /// All that is worth a look, never cut.
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

    /// Adds the line of an event.
    pub(super) fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        // Where the next column should begin, and where it does.
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

/// Most texts of a field are no longer than its width.
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

/// Gives names what the other columns leave of the terminal, in the ratio of their usual widths.
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

/// `2026-11-21T03:14:15.926535Z` → `2026-11-21T03:14:15.926Z`; what is written in another way stays.
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
