//! What a policy would have logged of the requests in a log, and what that takes.
//!
//! Each event that is in the log is decided about again ([`Replay`]). What the policy leaves out of it is exact
//! ([`fate`]). What the policy logs and the log has not is said and not guessed: bodies are counted as unknown, and only
//! of omitted stages is there an estimate ([`Course`]). A request that is not in the log at all cannot be seen.
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

/// How many policies one pass over a log can be replayed under: one, and one to compare it with.
const MOST_POLICIES: usize = 2;
