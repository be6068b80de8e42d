//! Bodies that came before.
//!
//! Where the answer to a batch got lost, the API server posts it again, byte for byte. An event's `auditID` would not tell:
//! whoever sends a request may choose it (`Audit-ID`), so one who uses another's would make his own events disappear. Two
//! bodies with the same SHA-256 are the same events, received at the same microsecond.

use std::collections::{HashSet, VecDeque};

/// SHA-256.
type Digest = [u8; 32];

/// The digests of the bodies that were written last.
#[derive(Debug)]
pub struct Repeats {
    most: usize,
    order: VecDeque<Digest>,
    known: HashSet<Digest>,
}

impl Repeats {
    /// Remembers `most` bodies; 0: none.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), known: HashSet::new() }
    }

    /// Whether bodies are remembered at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Whether a body was written already.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.known.contains(digest)
    }

    /// Remembers a body that was written, and forgets the oldest one for it.
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
