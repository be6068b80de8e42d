//! Progress lines with the time since the start: a node takes minutes the first time.

use std::time::Instant;

/// A task's clock.
pub(crate) struct Progress {
    begin: Instant,
    /// The subject of its lines, where several tasks run in parallel.
    about: String,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn begin() -> Progress {
        Progress { begin: Instant::now(), about: String::new() }
    }

    /// The same clock, for lines about `what`.
    pub(crate) fn about(&self, what: &str) -> Progress {
        Progress { begin: self.begin, about: format!(" {what}") }
    }

    /// Prints one line.
    pub(crate) fn say(&self, what: &str) {
        println!("[{:>6.1} s{}] {what}", self.begin.elapsed().as_secs_f64(), self.about);
    }
}
