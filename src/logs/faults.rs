//! Lines of a log in which there is no event.

use crate::event::Malformed;

/// How many places are kept.
const PLACES: usize = 5;

/// What was passed over, and how many lines there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// All lines, also those with an event.
    pub lines: u64,
    /// Lines without an event, blank ones not counted, and items of a list that are none.
    pub count: u64,
    /// The first of them: line, from 0, and why.
    pub places: Vec<(u64, Malformed)>,
}

impl Faults {
    /// Adds a fault of the present line.
    pub(super) fn add(&mut self, why: Malformed) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push((self.lines, why));
        }
    }

    /// Adds those of what comes next in the log.
    pub fn absorb(&mut self, later: &Self) {
        let places = later.places.iter().map(|(line, why)| (line + self.lines, *why));
        self.places.extend(places.take(PLACES.saturating_sub(self.places.len())));
        self.lines += later.lines;
        self.count += later.count;
    }
}
