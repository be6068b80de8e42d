//! Counts events by the texts of some fields.

use super::faults::Faults;
use super::field::Field;
use super::search::Search;
use crate::event::Amount;
use crate::event::Counts;
use crate::lines::Chunk;
use crate::printable::escape;

/// The maximum number of combinations that are counted exactly. A cluster of 1,000 nodes has about 20,000 combinations
/// of user, verb and resource.
const MOST: usize = 1 << 16;

/// Separates the texts of a combination; it cannot occur in a text, because control characters are escaped.
const SEPARATOR: char = '\0';

/// The counters of a log.
#[derive(Debug, Clone)]
pub struct Top {
    fields: Vec<Field>,
    counts: Counts<Amount>,
    /// All events that were counted.
    pub total: Amount,
    /// The lines that were skipped.
    pub faults: Faults,
}

/// A combination of texts, and its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One for each field.
    pub texts: Vec<String>,
    /// The number and size of its events.
    pub amount: Amount,
}

impl Top {
    /// Empty counters.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            counts: Counts::new(MOST, |amount: &Amount| amount.events),
            total: Amount::default(),
            faults: Faults::default(),
        }
    }

    /// Counts the events that `search` finds in a chunk of a log.
    #[must_use]
    pub fn of(fields: &[Field], search: &Search, chunk: &Chunk) -> Self {
        let mut top = Self::new(fields.to_vec());
        let mut key = String::new();
        let (counts, total) = (&mut top.counts, &mut top.total);
        top.faults = search.each(chunk, |event| {
            key.clear();
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    key.push(SEPARATOR);
                }
                key.push_str(&escape(&field.of(event)));
            }
            // The size with the line feed.
            let amount = Amount::one(event.json.len() as u64 + 1);
            counts.add(&key, &amount);
            *total += amount;
        });
        top
    }

    /// Adds the counters of the next part of the log.
    pub fn absorb(&mut self, later: Self) {
        self.counts.absorb(later.counts);
        self.total += later.total;
        self.faults.absorb(&later.faults);
    }

    /// The combinations with the most events, largest first.
    #[must_use]
    pub fn rows(&self, count: usize) -> Vec<Row> {
        let top = self.counts.top(count, |amount| amount.events);
        let row = |(key, amount): (&str, &Amount)| Row {
            texts: key.split(SEPARATOR).map(str::to_owned).collect(),
            amount: *amount,
        };
        top.into_iter().map(row).collect()
    }

    /// The fields that are counted.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The number of combinations that have a counter.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total.events == 0
    }

    /// The maximum number of events that any counter may lack; 0 if all are exact.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.counts.lacking()
    }
}
