//! A piece of a log → the events in it that are asked for.

use super::csv;
use super::faults::Faults;
use super::field::Field;
use super::filter::Filter;
use super::line::Layout;
use super::needle::Needles;
use crate::event::{Chunk, Event, Line, Malformed, parse_line};

/// How an event is shown.
#[derive(Debug, Clone)]
pub enum Form {
    /// One line for people.
    Line(Layout),
    /// The event as it stands in the log.
    Json,
    /// A record of comma-separated values.
    Csv(Vec<Field>),
}

impl Form {
    /// What comes before the first event.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        if let Self::Csv(fields) = self {
            csv::record(fields.iter().map(|field| field.name()), &mut head);
        }
        head
    }

    /// Adds an event, with a line feed.
    pub fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Line(layout) => layout.write(event, out),
            Self::Json => {
                out.extend_from_slice(event.json.as_bytes());
                out.push(b'\n');
            }
            Self::Csv(fields) => csv::record(fields.iter().map(|field| field.of(event)), out),
        }
    }
}

/// What is looked for.
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    needles: Option<Needles>,
}

/// What was found in a piece of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The events, each in one line.
    pub lines: Vec<u8>,
    /// How many.
    pub events: u64,
    /// What was passed over.
    pub faults: Faults,
}

impl Search {
    /// Looks for what `filter` lets pass.
    #[must_use]
    pub fn new(filter: Filter) -> Self {
        Self { needles: Needles::of(&filter), filter }
    }

    /// Hands over the events that are asked for, in the order of the log. Of a line that cannot hold one only the ends
    /// are looked at: it counts as one without an event where these are not the braces of an object.
    pub fn each(&self, chunk: &Chunk, mut found: impl FnMut(&Event<'_>)) -> Faults {
        let mut faults = Faults::default();
        for line in chunk.iter() {
            match line {
                None => faults.add(Malformed::TooLong),
                Some(line) if self.is_none_of_them(line) => {}
                Some(line) => match parse_line(line) {
                    Ok(Line::Blank) => {}
                    Ok(Line::Event(event)) => self.pass(&event, &mut found),
                    Ok(Line::List(items)) => {
                        for item in items {
                            match item {
                                Ok(event) => self.pass(&event, &mut found),
                                Err(why) => faults.add(why),
                            }
                        }
                    }
                    Err(why) => faults.add(why),
                },
            }
            faults.lines += 1;
        }
        faults
    }

    fn pass(&self, event: &Event<'_>, found: &mut impl FnMut(&Event<'_>)) {
        if self.filter.allows(event) {
            found(event);
        }
    }

    fn is_none_of_them(&self, line: &[u8]) -> bool {
        self.needles.as_ref().is_some_and(|needles| {
            line.first() == Some(&b'{') && line.last() == Some(&b'}') && !needles.may_be_in(line)
        })
    }

    /// Writes the events that are asked for; at most the last `last`, where so many are enough.
    #[must_use]
    pub fn read(&self, chunk: &Chunk, form: &Form, last: Option<usize>) -> Found {
        let mut found = Found::default();
        let (lines, events) = (&mut found.lines, &mut found.events);
        let faults = self.each(chunk, |event| {
            form.write(event, lines);
            *events += 1;
        });
        found.faults = faults;
        if let Some(last) = last {
            found.keep_last(last);
        }
        found
    }
}

impl Found {
    /// Adds what was found before it, as far as it is needed to have `last` events.
    pub fn precede(&mut self, mut earlier: Self, last: usize) {
        let missing = (last as u64).saturating_sub(self.events);
        earlier.keep_last(usize::try_from(missing).unwrap_or(usize::MAX));
        self.events += earlier.events;
        self.lines.splice(..0, earlier.lines);
    }

    /// Adds what was found after it, and forgets what comes before the last `last` events.
    pub fn follow(&mut self, later: Self, last: usize) {
        self.events += later.events;
        self.lines.extend(later.lines);
        self.faults.absorb(&later.faults);
        self.keep_last(last);
    }

    fn keep_last(&mut self, last: usize) {
        let surplus = self.events.saturating_sub(last as u64);
        if surplus == 0 {
            return;
        }
        let keep_from = match last.checked_sub(1) {
            // Every line ends in a line feed: the one before those that are kept is the `last + 1`th from the end.
            Some(_) => memchr::memrchr_iter(b'\n', &self.lines).nth(last).map_or(0, |end| end + 1),
            None => self.lines.len(),
        };
        self.lines.drain(..keep_from);
        self.events -= surplus;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &str) -> Found {
        let events = lines.lines().count() as u64;
        Found { lines: lines.as_bytes().to_vec(), events, faults: Faults::default() }
    }

    #[test]
    fn the_last_events_are_kept() {
        for (lines, last, kept) in [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\n", 2, "a\nb\n"),
            ("a\n", 0, ""),
            ("", 3, ""),
            ("a\nb\n", 1, "b\n"),
        ] {
            let mut some = found(lines);
            some.keep_last(last);
            assert_eq!(some, found(kept), "{lines:?} {last}");
        }
    }

    #[test]
    fn pieces_of_a_log_are_put_together() {
        let mut all = found("a\nb\n");
        all.follow(found("c\n"), 2);
        assert_eq!(all, found("b\nc\n"));
        all.precede(found("x\ny\nz\n"), 4);
        assert_eq!(all, found("y\nz\nb\nc\n"));
        all.precede(found("w\n"), 4);
        assert_eq!(all, found("y\nz\nb\nc\n"));
    }
}
