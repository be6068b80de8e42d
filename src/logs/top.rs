//! Who does what: events counted by the texts of some fields.

use super::faults::Faults;
use super::field::Field;
use super::search::Search;
use crate::event::Amount;
use crate::event::Counts;
use crate::lines::Chunk;
use crate::printable::escape;

/// How many combinations are counted exactly. A cluster of 1,000 nodes has some 20,000 of user, verb and resource.
const MOST: usize = 1 << 16;

/// Between the texts of a combination; it cannot stand in one, as control characters are escaped.
const SEPARATOR: char = '\0';

/// The counts of a log.
#[derive(Debug, Clone)]
pub struct Top {
    fields: Vec<Field>,
    counts: Counts<Amount>,
    /// All events that were counted.
    pub total: Amount,
    /// What was passed over.
    pub faults: Faults,
}

/// A combination of texts, and how often it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One for each field.
    pub texts: Vec<String>,
    /// How often, and how large.
    pub amount: Amount,
}

impl Top {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            counts: Counts::new(MOST, |amount: &Amount| amount.events),
            total: Amount::default(),
            faults: Faults::default(),
        }
    }

    /// Counts what `search` finds in a piece of a log.
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
            // With its line feed.
            let amount = Amount::one(event.json.len() as u64 + 1);
            counts.add(&key, &amount);
            *total += amount;
        });
        top
    }

    /// Adds what was counted in the next part of the log.
    pub fn absorb(&mut self, later: Self) {
        self.counts.absorb(later.counts);
        self.total += later.total;
        self.faults.absorb(&later.faults);
    }

    /// The most frequent, most frequent first.
    #[must_use]
    pub fn rows(&self, count: usize) -> Vec<Row> {
        let top = self.counts.top(count, |amount| amount.events);
        let row = |(key, amount): (&str, &Amount)| Row {
            texts: key.split(SEPARATOR).map(str::to_owned).collect(),
            amount: *amount,
        };
        top.into_iter().map(row).collect()
    }

    /// What is counted.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many combinations there are, as far as they are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total.events == 0
    }

    /// How many events any count may lack; 0: all are exact.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.counts.lacking()
    }
}
