//! Plan → node, all or nothing: a record of what was and what will be is on disk before the first change, and a
//! run that fails undoes itself, and one that dies is finished or undone by the next.
//!
//! Here is the order of a change whose manifest is a file like any other, and the steps that a change with a restart
//! ([`crate::restart`]) has in common with it.

mod apply;
mod journal;
mod recover;
pub(crate) mod steps;
mod underway;

pub use apply::{Failure, apply, prepare};
pub use journal::{Journal, Phase, Surge};
pub use recover::{Decision, Recovered, decide, recover};
pub use steps::record_of;
pub use underway::Underway;

/// While this file is there, the generation that it names is being made.
pub const JOURNAL_PATH: &str = "/var/lib/kaudit/journal";
/// The lock of all runs that change the node.
pub const LOCK_PATH: &str = "/var/lib/kaudit/lock";
