//! Estimates what a policy would have logged for the requests in a log, and its size.
//!
//! Each event in the log is decided again under the policy ([`Replay`]). What the policy leaves out is exact
//! ([`fate`]). What the policy would log and the log does not contain is reported and not guessed: bodies are counted
//! as unknown, and only omitted stages are estimated ([`Course`]). A request without any event in the log cannot be
//! counted.
//!
//! Nothing here opens a file.

mod cell;
mod course;
mod fate;
mod log;
mod result;
mod talkers;
mod tally;

pub use cell::{Cell, Outcome};
pub use course::Course;
pub use fate::{Fate, Unknown, fate};
pub use log::LogSums;
pub use result::Replayed;
pub use talkers::{Logged, Share, Talker, Talkers};
pub use tally::{Days, Replay, Tally};

/// The maximum number of policies in one pass over a log: one, and one to compare it with.
const MOST_POLICIES: usize = 2;
