//! The exit codes, defined only here. They are documented in the README.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do. `receive`: stopped cleanly by a signal.
    Done,
    /// `diff`: something would change; `policy lint`, `policy diff`, `webhook check`: findings.
    Differences,
    /// The command line is invalid.
    Usage,
    /// Refused; nothing was changed. `policy lint`: the API server would not start; `webhook check`: events would not arrive.
    Refused,
    /// The change was applied, the API server was not healthy, and the rollback succeeded.
    RolledBack,
    /// Manual intervention required: neither the previous nor the requested state could be verified. `receive`: events cannot
    /// be written any more.
    ManualIntervention,
    /// Another run holds the lock.
    Busy,
    /// Stopped cleanly by SIGINT.
    Interrupted,
    /// Stopped cleanly by SIGTERM.
    Terminated,
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
            Exit::RolledBack => 4,
            Exit::ManualIntervention => 5,
            Exit::Busy => 6,
            // As a shell shows a program that was ended by the signal: 128 and its number.
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
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
