//! How far the reading of large logs is, on a terminal.

use crate::audit::disk::print_bytes;
use crate::report::Output;

/// Logs of this size take more than a moment.
const LARGE: u64 = 256 << 20;

/// So often it is told, in bytes.
const STEP: u64 = 32 << 20;

/// Counts what is read of all logs.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    /// What the logs before this one had.
    finished: u64,
    told: u64,
}

impl Progress {
    /// For logs of so many bytes together.
    pub(super) fn new(total: u64) -> Self {
        Self { total, finished: 0, told: 0 }
    }

    /// Tells that so many bytes of the present log are read.
    pub(super) fn tell(&mut self, taken: u64, output: &mut Output<'_>) {
        let read = self.finished + taken;
        if self.total < LARGE || read < self.told + STEP {
            return;
        }
        self.told = read;
        let percent = u128::from(read.min(self.total)) * 100 / u128::from(self.total);
        output.progress(&format!("{percent} % of {} read", print_bytes(self.total.into())));
    }

    /// The present log is read, of so many bytes.
    pub(super) fn finish(&mut self, size: u64) {
        self.finished += size;
    }
}
