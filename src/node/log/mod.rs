//! The audit log as files: opening rotated and compressed parts, following the current one, finding one event.

pub(in crate::node) mod finished;
pub(in crate::node) mod follow;
pub(in crate::node) mod log_file;
pub(in crate::node) mod log_files;
pub(in crate::node) mod open_log;
pub(in crate::node) mod tail;

pub use follow::{Follower, Step};
pub use log_file::{LogFile, Meter, OpenLog, OpenPart, Section};
pub use log_files::LogFiles;
pub use tail::LogMark;
