//! Events and what they take on disk.

use std::ops::AddAssign;

/// So many events of so many bytes, each with its line feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub events: u64,
    /// How large together.
    pub bytes: u64,
}

impl Amount {
    /// One event of this size.
    #[must_use]
    pub fn one(bytes: u64) -> Self {
        Self { events: 1, bytes }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.bytes += more.bytes;
    }
}

impl AddAssign<&Self> for Amount {
    fn add_assign(&mut self, more: &Self) {
        *self += *more;
    }
}
