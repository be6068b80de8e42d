//! What is counted of each of very many names, in bounded memory.
//!
//! A log can name very many users and resources, all made up by one client. So up to a limit each is counted exactly.
//! When there are more, the smaller half is forgotten; one that comes again begins at zero, and the sum of the largest
//! forgotten ones bounds what any figure can lack (Manku and Motwani, *Approximate Frequency Counts over Data Streams*,
//! 2002, "lossy counting").

use std::collections::HashMap;
use std::ops::AddAssign;

/// What is counted of each name.
#[derive(Debug, Clone)]
pub struct Counts<V> {
    values: HashMap<Box<str>, V>,
    most: usize,
    weight: fn(&V) -> u64,
    lacking: u64,
}

impl<V: Clone + for<'v> AddAssign<&'v V>> Counts<V> {
    /// Counts up to `most` names exactly; `weight` says which are the larger ones.
    #[must_use]
    pub fn new(most: usize, weight: fn(&V) -> u64) -> Self {
        Self { values: HashMap::new(), most, weight, lacking: 0 }
    }

    /// Adds to one.
    pub fn add(&mut self, name: &str, value: &V) {
        match self.values.get_mut(name) {
            Some(known) => *known += value,
            None => drop(self.values.insert(name.into(), value.clone())),
        }
    }

    /// Adds what was counted in the next part of the log.
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

    /// How much weight any of them may lack; 0: all are exact.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.lacking
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The `count` with the largest `weight`, largest first; none with the weight 0.
    #[must_use]
    pub fn top(&self, count: usize, weight: impl Fn(&V) -> u64) -> Vec<(&str, &V)> {
        let mut all: Vec<(u64, &str, &V)> =
            self.values.iter().map(|(name, value)| (weight(value), &**name, value)).collect();
        all.retain(|(weight, ..)| *weight > 0);
        // By name where the weight is the same, so that the order is always the same.
        all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        all.into_iter().take(count).map(|(_, name, value)| (name, value)).collect()
    }

    /// Keeps the larger half.
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
