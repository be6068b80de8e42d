//! Counters for a large number of names, in bounded memory.
//!
//! One client can make up any number of users and resources. Up to a limit, every name is counted exactly. Above it,
//! the smaller half of the counters is dropped. A dropped name that occurs again starts at zero, and the sum of the
//! largest dropped counters is an upper bound for the error of any counter (Manku and Motwani, *Approximate Frequency
//! Counts over Data Streams*, 2002, "lossy counting").

use std::collections::HashMap;
use std::ops::AddAssign;

/// The counters by name.
#[derive(Debug, Clone)]
pub struct Counts<V> {
    values: HashMap<Box<str>, V>,
    most: usize,
    weight: fn(&V) -> u64,
    lacking: u64,
}

impl<V: Clone + for<'v> AddAssign<&'v V>> Counts<V> {
    /// Counts up to `most` names exactly; `weight` defines the order in which counters are kept.
    #[must_use]
    pub fn new(most: usize, weight: fn(&V) -> u64) -> Self {
        Self { values: HashMap::new(), most, weight, lacking: 0 }
    }

    /// Adds to the counter of a name.
    pub fn add(&mut self, name: &str, value: &V) {
        match self.values.get_mut(name) {
            Some(known) => *known += value,
            None => drop(self.values.insert(name.into(), value.clone())),
        }
    }

    /// Adds the counters of the next part of the log.
    pub fn absorb(&mut self, later: Self) {
        self.lacking += later.lacking;
        for (name, value) in later.values {
            match self.values.get_mut(&name) {
                Some(known) => *known += &value,
                None => drop(self.values.insert(name, value)),
            }
        }
        if self.values.len() > self.most {
            self.forget();
        }
    }

    /// An upper bound for the weight that is missing from any counter; 0 if all are exact.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.lacking
    }

    /// The number of counters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no counters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The `count` counters with the largest `weight`, largest first, without those of weight 0.
    #[must_use]
    pub fn top(&self, count: usize, weight: impl Fn(&V) -> u64) -> Vec<(&str, &V)> {
        let mut all: Vec<(u64, &str, &V)> =
            self.values.iter().map(|(name, value)| (weight(value), &**name, value)).collect();
        all.retain(|(weight, ..)| *weight > 0);
        // Equal weights are sorted by name, so that the order is deterministic.
        all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        all.into_iter().take(count).map(|(_, name, value)| (name, value)).collect()
    }

    /// Drops the smaller half.
    fn forget(&mut self) {
        let mut order: Vec<(u64, Box<str>)> =
            self.values.iter().map(|(name, value)| ((self.weight)(value), name.clone())).collect();
        order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let forgotten = order.split_off((self.most / 2).min(order.len()));
        self.lacking += forgotten.first().map_or(0, |(weight, _)| *weight);
        for (_, name) in forgotten {
            self.values.remove(&name);
        }
    }
}
