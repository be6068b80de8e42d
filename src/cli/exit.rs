//! The exit codes, and nothing else knows them. They are published in the README.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// `diff`: something would change.
    Differences,
    /// The command line makes no sense.
    Usage,
    /// Refused; nothing was touched.
    Refused,
    /// Neither the state before nor the one asked for could be verified.
    NeedsHands,
    /// Another run holds the lock.
    Busy,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Differences => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::NeedsHands => 5,
            Exit::Busy => 6,
        }
    }

    /// Whether `failed` in the machine output is true.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Exit::Done | Exit::Differences)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
