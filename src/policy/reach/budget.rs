//! Limits the work for one query.

use std::cell::Cell;

use crate::policy::decide::clause::count_values;
use crate::policy::model::Rule;
use crate::policy::reach::bits::Bits;

/// There are too many combinations of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex;

/// The cost of looking up a value.
pub(super) const STEPS_OF_A_VALUE: usize = 8;

/// The remaining work, in steps of some nanoseconds.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Budget {
    /// One to two seconds on an ordinary machine for each policy.
    pub(super) fn for_policies(policies: usize) -> Self {
        Self::of(policies.saturating_mul(300_000_000))
    }

    pub(super) const fn of(steps: usize) -> Self {
        Self(Cell::new(steps))
    }

    pub(super) fn spend(&self, steps: usize) -> Result<(), TooComplex> {
        self.0.set(self.0.get().checked_sub(steps).ok_or(TooComplex)?);
        Ok(())
    }
}

/// # Errors
///
/// So many sets of this size would take more than 32 MiB.
pub(super) fn check_size(sets: usize, like: &Bits) -> Result<(), TooComplex> {
    const MOST_WORDS: usize = 1 << 22;
    if sets.saturating_mul(like.words()) > MOST_WORDS { Err(TooComplex) } else { Ok(()) }
}

/// # Errors
///
/// The clauses of the rules would take more than about 64 MiB.
pub(super) fn check_clauses<'p>(rules: impl Iterator<Item = &'p Rule>) -> Result<(), TooComplex> {
    const MOST_VALUES: usize = 1 << 22;
    let values = rules.map(count_values).fold(0, usize::saturating_add);
    if values > MOST_VALUES { Err(TooComplex) } else { Ok(()) }
}
