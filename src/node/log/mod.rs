//! Audit log files: opening rotated and compressed files, following the current one, finding one event.

pub(in crate::node) mod finished;
pub(in crate::node) mod follow;
pub(in crate::node) mod log_file;
pub(in crate::node) mod log_files;
pub(in crate::node) mod open_log;
mod search;

pub use follow::{Follower, Step};
pub use log_file::{LogFile, Meter, OpenLog, OpenPart, Section};
pub use log_files::LogFiles;
