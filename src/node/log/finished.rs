//! The rotated files that were already read, in bounded memory.

use std::collections::BTreeSet;

/// How many times of rotation are remembered. Older ones count as read: no log keeps that many files.
const MOST: usize = 4096;

/// Times of rotation as they appear in file names.
#[derive(Debug, Default)]
pub(in crate::node) struct Finished {
    times: BTreeSet<String>,
    /// All times up to this one are finished.
    until: Option<String>,
}

impl Finished {
    pub(in crate::node) fn insert(&mut self, time: String) {
        self.times.insert(time);
        if self.times.len() > MOST {
            self.until = self.times.pop_first();
        }
    }

    pub(in crate::node) fn contains(&self, time: &str) -> bool {
        self.times.contains(time) || self.until.as_deref().is_some_and(|until| time <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::{Finished, MOST};

    #[test]
    fn old_times_stay_finished() {
        let mut finished = Finished::default();
        for time in 0..3 * MOST {
            assert!(!finished.contains(&format!("{time:06}")));
            finished.insert(format!("{time:06}"));
        }
        assert_eq!(finished.times.len(), MOST);
        assert!((0..3 * MOST).all(|time| finished.contains(&format!("{time:06}"))));
    }
}
