//! Detection of repeated request bodies.
//!
//! If the answer to a batch is lost, the API server posts it again, byte for byte. The `auditID` of an event does not
//! identify a repetition: clients can choose it (`Audit-ID`), so a client that reuses an ID would make its events
//! disappear. Two bodies with the same SHA-256 are the same events, received in the same microsecond.

use std::collections::{HashSet, VecDeque};

/// A SHA-256 digest.
type Digest = [u8; 32];

/// The digests of the bodies that were written last.
#[derive(Debug)]
pub struct Repeats {
    most: usize,
    order: VecDeque<Digest>,
    known: HashSet<Digest>,
}

impl Repeats {
    /// Remembers up to `most` bodies; 0 disables detection.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), known: HashSet::new() }
    }

    /// Whether detection is enabled.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Whether a body was already written.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.known.contains(digest)
    }

    /// Remembers a body that was written, and forgets the oldest one.
    pub fn insert(&mut self, digest: Digest) {
        if self.most == 0 || !self.known.insert(digest) {
            return;
        }
        self.order.push_back(digest);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Repeats;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut repeats = Repeats::new(2);
        for number in [1, 1, 2, 3] {
            repeats.insert([number; 32]);
        }
        assert!(!repeats.contains(&[1; 32]));
        assert!(repeats.contains(&[2; 32]) && repeats.contains(&[3; 32]));
        let mut none = Repeats::new(0);
        none.insert([1; 32]);
        assert!(!none.contains(&[1; 32]));
    }
}
