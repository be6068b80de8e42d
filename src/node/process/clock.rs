//! The time, for records.

use jiff::{Timestamp, Unit};

/// The current time in UTC as RFC 3339 with seconds, e.g. `2026-11-21T03:14:15Z`.
#[must_use]
pub fn now() -> String {
    let now = moment();
    now.round(Unit::Second).unwrap_or(now).to_string()
}

/// The current time.
#[must_use]
pub fn moment() -> Timestamp {
    Timestamp::now()
}
