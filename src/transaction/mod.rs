//! Applies a plan to the node, all or nothing. A record of the contents before and after is on disk before the first
//! change. A run that fails rolls itself back; a run that is interrupted is completed or rolled back by the next one.
//!
//! This module has the order of a change whose manifest is a file like any other, and the steps that it shares with a
//! change with a restart ([`crate::restart`]).

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

/// While this file exists, the generation that it names is being made.
pub const JOURNAL_PATH: &str = "/var/lib/kaudit/journal";
/// The lock of all runs that change the node.
pub const LOCK_PATH: &str = "/var/lib/kaudit/lock";
