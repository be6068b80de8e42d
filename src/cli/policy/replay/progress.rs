//! The progress of reading large logs, on a terminal.

use crate::report::Output;
use crate::size;

/// Progress is shown for logs of at least this size, because they take more than a moment.
const LARGE: u64 = 256 << 20;

/// The number of bytes between two messages.
const STEP: u64 = 32 << 20;

/// Counts the bytes that were read of all logs.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    /// The size of the logs that were read before.
    finished: u64,
    told: u64,
}

impl Progress {
    /// For logs with this total size.
    pub(super) fn new(total: u64) -> Self {
        Self { total, finished: 0, told: 0 }
    }

    /// Reports that `taken` bytes of the current log are read.
    pub(super) fn tell(&mut self, taken: u64, output: &mut Output<'_>) {
        let read = self.finished + taken;
        if self.total < LARGE || read < self.told + STEP {
            return;
        }
        self.told = read;
        let percent = u128::from(read.min(self.total)) * 100 / u128::from(self.total);
        output.progress(&format!("{percent} % of {} read", size::nearest(self.total)));
    }

    /// The current log, of `size` bytes, is completely read.
    pub(super) fn finish(&mut self, size: u64) {
        self.finished += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages for logs of `total` bytes.
    fn told(total: u64, is_terminal: bool) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { shows_progress: is_terminal, ..Output::plain(&mut out, &mut err) };
        let mut progress = Progress::new(total);
        for taken in [1 << 20, 200 << 20, 201 << 20] {
            progress.tell(taken, &mut output);
        }
        progress.finish(512 << 20);
        progress.tell(256 << 20, &mut output);
        assert!(out.is_empty());
        String::from_utf8(err).unwrap()
    }

    #[test]
    fn is_told_of_large_logs_on_a_terminal() {
        assert_eq!(told(1 << 30, true), "\r\u{1b}[K19 % of 1 GiB read\r\u{1b}[K75 % of 1 GiB read");
        assert_eq!(told(1 << 30, false), "");
        assert_eq!(told(1 << 20, true), "");
    }
}
