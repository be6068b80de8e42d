//! The state of standard output.

use crate::node::Node;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use std::io;
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::Duration;

impl Node {
    /// The number of columns of the terminal `stream`; `None` if it is not a terminal, or does not report its size.
    #[must_use]
    pub fn terminal_columns(stream: impl AsFd) -> Option<usize> {
        let size = tcgetwinsize(stream).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// Waits, and returns whether a reader still exists: poll(2) reports a pipe without a reader as an error.
    #[must_use]
    pub fn pause_while_read(duration: Duration) -> bool {
        let out = io::stdout();
        let mut polled = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut polled, Timespec::try_from(duration).ok().as_ref()) {
            Ok(0) => true,
            Ok(_) => false,
            // Interrupted by a signal.
            Err(_) => {
                sleep(duration);
                true
            }
        }
    }
}
