//! What is on the other side of standard output.

use crate::node::Node;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use std::io;
use std::thread::sleep;
use std::time::Duration;

impl Node {
    /// How many columns the terminal has; `None` where it is none, or does not tell.
    #[must_use]
    pub fn terminal_columns() -> Option<usize> {
        let size = tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// Waits, and tells whether there is still somebody who reads it: a pipe without a reader is an error to poll(2).
    #[must_use]
    pub fn pause_while_read(duration: Duration) -> bool {
        let out = io::stdout();
        let mut polled = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut polled, Timespec::try_from(duration).ok().as_ref()) {
            Ok(0) => true,
            Ok(_) => false,
            // A signal came.
            Err(_) => {
                sleep(duration);
                true
            }
        }
    }
}
