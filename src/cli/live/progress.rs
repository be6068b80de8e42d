//! Progress of a restart: one line per step, and one for every ten seconds of waiting. On standard error, and few lines:
//! over a stalled connection about 2 MiB of unread output would block the run.

use crate::report::Output;
use crate::restart::Listener;
use std::time::Duration;

/// Prints the progress for the operator.
pub(in crate::cli) struct Progress<'a, 'b> {
    output: &'a mut Output<'b>,
}

impl<'a, 'b> Progress<'a, 'b> {
    /// Prints to this output.
    pub(in crate::cli) fn new(output: &'a mut Output<'b>) -> Self {
        Self { output }
    }

    fn tell(&mut self, text: &str) {
        if !self.output.quiet {
            let arrow = self.output.err_styles.cyan("→");
            self.output.error_line(&format!("{arrow} {text}"));
            self.output.flush();
        }
    }
}

impl Listener for Progress<'_, '_> {
    fn step(&mut self, text: &str) {
        self.tell(text);
    }

    fn waiting(&mut self, what: &str, since: Duration, normal: &str) {
        self.tell(&format!("waiting for {what} since {} s (normal: {normal})", since.as_secs()));
    }
}
