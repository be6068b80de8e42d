//! Lines of a log that are not an event.

use crate::event::Malformed;

/// The maximum number of lines whose position is kept.
const PLACES: usize = 5;

/// The lines that were skipped, and the number of all lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// All lines, including those with an event.
    pub lines: u64,
    /// Lines that are neither an event nor blank, and invalid items of lists.
    pub count: u64,
    /// The first of them: line number from 0, and reason.
    pub places: Vec<(u64, Malformed)>,
}

impl Faults {
    /// Adds a fault of the current line.
    pub(super) fn add(&mut self, why: Malformed) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push((self.lines, why));
        }
    }

    /// Adds the faults of the next part of the log.
    pub fn absorb(&mut self, later: &Self) {
        let places = later.places.iter().map(|(line, why)| (line + self.lines, *why));
        self.places.extend(places.take(PLACES.saturating_sub(self.places.len())));
        self.lines += later.lines;
        self.count += later.count;
    }
}
