//! Finds the selected events in a chunk of a log.

use super::csv;
use super::faults::Faults;
use super::field::Field;
use super::filter::Filter;
use super::line::Layout;
use super::needle::Needles;
use crate::event::{Event, Line, Malformed, parse_line};
use crate::lines::Chunk;
use crate::printable::escape;
use memchr::{memchr_iter, memrchr, memrchr_iter};

/// The output format of an event.
#[derive(Debug, Clone)]
pub enum Form {
    /// One line of columns.
    Line(Layout),
    /// The event's JSON, unchanged.
    Json,
    /// A record of comma-separated values.
    Csv(Vec<Field>),
}

impl Form {
    /// The header before the first event.
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
                // Characters that could control a terminal are replaced by `\u…`, which is the same in JSON.
                out.extend_from_slice(escape(event.json).as_bytes());
                out.push(b'\n');
            }
            Self::Csv(fields) => csv::record(fields.iter().map(|field| field.of(event)), out),
        }
    }
}

/// A filter, prepared for searching.
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    needles: Option<Needles>,
}

/// The result for a chunk of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The events, each in one line.
    pub lines: Vec<u8>,
    /// The number of events.
    pub events: u64,
    /// The lines that were skipped.
    pub faults: Faults,
}

impl Search {
    /// Searches for the events that `filter` selects.
    #[must_use]
    pub fn new(filter: Filter) -> Self {
        Self { needles: Needles::of(&filter), filter }
    }

    /// Calls `found` for each selected event, in the order of the log. Of a line without a needle, only the first and
    /// the last character are checked: it counts as a line without an event if they are not the braces of an object.
    pub fn each(&self, chunk: &Chunk, mut found: impl FnMut(&Event<'_>)) -> Faults {
        match (&self.needles, chunk.text()) {
            (Some(needles), Some(text)) => self.each_near(needles, text, &mut found),
            _ => self.each_line(chunk, &mut found),
        }
    }

    fn each_line(&self, chunk: &Chunk, found: &mut impl FnMut(&Event<'_>)) -> Faults {
        let mut faults = Faults::default();
        for line in chunk.iter() {
            match line {
                None => faults.add(Malformed::TooLong),
                Some(line) if self.is_none_of_them(line) => {}
                Some(line) => self.read_line(line, &mut faults, found),
            }
            faults.lines += 1;
        }
        faults
    }

    /// As [`Search::each_line`]. The needles are searched for in the whole text, because starting a search for each
    /// line is slow.
    fn each_near(&self, needles: &Needles, text: &[u8], found: &mut impl FnMut(&Event<'_>)) -> Faults {
        let mut faults = Faults::default();
        let mut places = needles.places(text);
        let mut rest = text;
        while !rest.is_empty() {
            let from = text.len() - rest.len();
            let place = places.first_since(from).map_or(rest.len(), |place| place - from);
            let (without, with) = rest.split_at(begin_of_line(rest, place));
            for line in lines(without) {
                if !is_object(line) {
                    self.read_line(line, &mut faults, found);
                }
                faults.lines += 1;
            }
            rest = with;
            if let Some(line) = lines(with).next() {
                self.read_line(line, &mut faults, found);
                faults.lines += 1;
                rest = with.get(line.len() + 1..).unwrap_or_default();
            }
        }
        faults
    }

    fn read_line(&self, line: &[u8], faults: &mut Faults, found: &mut impl FnMut(&Event<'_>)) {
        match parse_line(line) {
            Ok(Line::Blank) => {}
            Ok(Line::Event(event)) => self.pass(&event, found),
            Ok(Line::List(items)) => {
                for item in items {
                    match item {
                        Ok(event) => self.pass(&event, found),
                        Err(why) => faults.add(why),
                    }
                }
            }
            Err(why) => faults.add(why),
        }
    }

    fn pass(&self, event: &Event<'_>, found: &mut impl FnMut(&Event<'_>)) {
        if self.filter.allows(event) {
            found(event);
        }
    }

    fn is_none_of_them(&self, line: &[u8]) -> bool {
        self.needles.as_ref().is_some_and(|needles| is_object(line) && !needles.may_be_in(line))
    }

    /// Writes the selected events; with `last`, only the last ones.
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

fn is_object(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && line.last() == Some(&b'}')
}

/// The start of the line that contains `place`; `None` after the end of the text.
fn begin_of_line(text: &[u8], place: usize) -> usize {
    match text.get(..place) {
        Some(before) if place < text.len() => memrchr(b'\n', before).map_or(0, |end| end + 1),
        _ => text.len(),
    }
}

/// The lines of a text, of which the last one may lack its line feed.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', text)
        .chain((text.last().is_some_and(|last| *last != b'\n')).then_some(text.len()));
    let mut begin = 0;
    ends.filter_map(move |end| {
        let line = text.get(begin..end);
        begin = end + 1;
        line
    })
}

impl Found {
    /// Adds the result of an earlier part, as far as it is needed for `last` events.
    pub fn precede(&mut self, mut earlier: Self, last: usize) {
        let missing = (last as u64).saturating_sub(self.events);
        earlier.keep_last(usize::try_from(missing).unwrap_or(usize::MAX));
        self.events += earlier.events;
        self.lines.splice(..0, earlier.lines);
    }

    /// Adds the result of a later part, and drops all but the last `last` events.
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
            // Every line ends in a line feed: the line feed before the remaining lines is the `last + 1`th from the
            // end.
            Some(_) => memrchr_iter(b'\n', &self.lines).nth(last).map_or(0, |end| end + 1),
            None => self.lines.len(),
        };
        self.lines.drain(..keep_from);
        self.events -= surplus;
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::super::term::Term;
    use super::*;
    use crate::lines::Chunks;

    /// Parts of random lines: events, lines that are not events, needles in wrong places, and all kinds of line ends.
    const PARTS: [&str; 14] = [
        r#"{"level":"Metadata","stage":"Panic","user":{"username":"alice"}}"#,
        r#"{"level":"Metadata","stage":"Panic","user":{"username":"\u0061lice"}}"#,
        r#"{"level":"Metadata","stage":"Panic","user":{"username":"bob"}}"#,
        r#" {"level":"Metadata","stage":"Panic","user":{"username":"alice"}} "#,
        r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"level":"Metadata","stage":"Panic","user":{"username":"alice"}},7]}"#,
        r#""alice""#,
        "\\u",
        "{",
        "}",
        "{}",
        "\n",
        "\n",
        "\n\n",
        "\r\n",
    ];

    #[test]
    fn looking_for_the_needle_first_changes_nothing() {
        let users = std::iter::once(Term { is_not: false, value: Pattern::new("alice") }).collect();
        let search = Search::new(Filter { users, ..Filter::default() });
        // Knuth's linear congruential generator, so that every run has the same texts.
        let mut state: u64 = 0x2026_1121;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % limit
        };
        let (mut events, mut faults) = (0, 0);
        for _ in 0..4000 {
            let text: String = (0..=below(12)).map(|_| PARTS[below(PARTS.len())]).collect();
            let mut chunks = Chunks::with_sizes(text.as_bytes(), 1 << 16, 1 << 16);
            while let Some(chunk) = chunks.next(Vec::new()).unwrap() {
                let (mut near, mut by_line) = (Vec::new(), Vec::new());
                let faults_near = search.each(&chunk, |event| near.push(event.json.to_owned()));
                let faults_by_line =
                    search.each_line(&chunk, &mut |event: &Event<'_>| by_line.push(event.json.to_owned()));
                assert_eq!((&near, &faults_near), (&by_line, &faults_by_line), "{text:?}");
                events += near.len();
                faults += faults_near.count;
            }
        }
        assert!(events > 1000 && faults > 1000, "{events} {faults}");
    }

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
