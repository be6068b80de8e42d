//! What is told while a restart goes on: one line per step, and one every ten seconds of waiting. On standard error,
//! and few: over a cut connection about 2 MiB of unread output would block the run.

use crate::report::Output;
use crate::restart::Listener;
use std::time::Duration;

/// Tells the operator.
pub(in crate::cli) struct Progress<'a, 'b> {
    output: &'a mut Output<'b>,
}

impl<'a, 'b> Progress<'a, 'b> {
    /// Tells by this output.
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
        self.tell(&format!("still waiting for {what}, for {} s (normal: {normal})", since.as_secs()));
    }
}
