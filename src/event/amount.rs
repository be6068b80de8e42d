//! A number of events and their size on disk.

use std::ops::AddAssign;

/// A number of events and their total size, each with its line feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// The number of events.
    pub events: u64,
    /// Their total size.
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
