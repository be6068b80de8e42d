//! Sets of any number of clauses, with one bit for each.

/// A set of clauses. All sets of one space have the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    /// The empty set of `words` × 64 clauses.
    pub(super) fn none(words: usize) -> Self {
        Self(vec![0; words].into())
    }

    /// The full set of `words` × 64 clauses.
    pub(super) fn all(words: usize) -> Self {
        Self(vec![u64::MAX; words].into())
    }

    pub(super) fn insert(&mut self, clause: usize) {
        if let Some(word) = self.0.get_mut(clause / 64) {
            *word |= 1 << (clause % 64);
        }
    }

    /// The length of the set, in units of 64 clauses.
    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one | other).collect())
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & !other == 0)
    }
}
