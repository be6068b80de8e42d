//! The output of a run, as text and as JSON. Only this module prints, except that `receive::server` writes events to standard
//! output.

mod diff;
mod json;
mod mask;
#[cfg(test)]
mod tests;
mod text;

pub use diff::FileDiff;
pub use json::SCHEMA_VERSION;
pub use text::{print_diagnostic, print_plan, print_report, render};

use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::printable::escape;
use crate::styles::Styles;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether the node was changed, or with `--dry-run` and `diff` would be.
    pub changed: bool,
    /// Nothing was written although something would change.
    pub dry_run: bool,
    /// One sentence: what happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Warnings and remarks.
    pub notes: Vec<Diagnostic>,
    /// Files before and after, secrets masked.
    pub diff: Vec<FileDiff>,
    /// Why the run was refused or failed.
    pub refusals: Vec<Diagnostic>,
    /// What was verified after writing.
    pub verified: Verified,
    /// How the API server was restarted.
    pub restart: Restarted,
    /// Further fields of the command, for `-o json`.
    pub details: Option<(&'static str, Value)>,
    /// Further lines of the command, for text output.
    pub lines: Vec<String>,
}

impl Report {
    /// Removes the plan, which is printed already.
    pub fn forget_plan(&mut self) {
        self.diff.clear();
        self.notes.clear();
    }
}

/// What was verified after writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Every written file was read again and has the planned content.
    pub on_disk: bool,
    /// The pid of the new API server, which was started with the planned arguments.
    pub process: Option<i32>,
    /// It was live and ready without interruption for some seconds.
    pub healthy: bool,
    /// The `Audit-ID` of the request whose event was found in the log.
    pub audit_event: Option<String>,
    /// The `Audit-ID` of the request whose event was sent to the webhook, if events are not logged to a file.
    pub sent_event: Option<String>,
    /// Why no event was found in the log although one was expected.
    pub unproven: Option<String>,
}

/// How the API server was restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restarted {
    /// `surge`, `move`, `rewrite` or `none`.
    pub method: &'static str,
    /// Whether it was restarted.
    pub performed: bool,
    /// How long no API server was ready, in milliseconds; during a surge: for clients of the node's address.
    pub unavailable_ms: u64,
    /// The same for clients on the node during a surge, which use its loopback addresses or the only address on which the API
    /// server listens.
    pub unavailable_to_itself_ms: Option<u64>,
    /// The log with the events of the second API server of a surge.
    pub surge_log: Option<String>,
    /// Whether the old API server was ended before its grace period was over, because of `--drain`.
    pub ended_early: bool,
    /// Whether the previous state was restored.
    pub rolled_back: bool,
}

impl Default for Restarted {
    fn default() -> Self {
        Self {
            method: "none",
            performed: false,
            unavailable_ms: 0,
            unavailable_to_itself_ms: None,
            surge_log: None,
            ended_early: false,
            rolled_back: false,
        }
    }
}

/// Where and how a run prints.
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub struct Output<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// Colours on standard output.
    pub out_styles: Styles,
    /// Colours on standard error.
    pub err_styles: Styles,
    /// `-o json`
    pub json: bool,
    /// `--quiet`
    pub quiet: bool,
    /// `--verbose`
    pub verbose: bool,
    /// Whether progress is shown: standard error is a terminal.
    pub shows_progress: bool,
    /// The width of standard output, if it is a terminal.
    pub out_columns: Option<usize>,
    /// The width of standard error, if it is a terminal.
    pub err_columns: Option<usize>,
    /// Whether output was lost.
    pub loss: Loss,
}

/// Whether all output was written to standard output.
#[derive(Debug, Default)]
pub enum Loss {
    /// It was, or the reader closed the stream.
    #[default]
    None,
    /// It was not, for example because the disk is full, and this is not reported yet.
    Untold(io::Error),
    /// It was not, and this is reported.
    Told,
}

#[cfg(test)]
impl<'a> Output<'a> {
    /// Two streams that are not terminals, and no options.
    pub(crate) fn plain(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self {
            out,
            err,
            out_styles: Styles::plain(),
            err_styles: Styles::plain(),
            json: false,
            quiet: false,
            verbose: false,
            shows_progress: false,
            out_columns: None,
            err_columns: None,
            loss: Loss::None,
        }
    }
}

impl Output<'_> {
    /// Prints a line on standard output. A write error must not abort a run: every write fails when an SSH session ends.
    /// [`Output::take_loss`] returns it at the end.
    pub fn line(&mut self, text: &str) {
        let written = writeln!(self.out, "{}", harmless(text, self.out_styles));
        self.remember(&written);
    }

    /// Prints a text unchanged on standard output, in the same way.
    pub fn text(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes());
        self.remember(&written);
    }

    /// Writes bytes to standard output, for commands that should stop when this fails.
    ///
    /// # Errors
    /// The stream is closed, or the disk is full.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.out.write_all(bytes);
        self.remember(&written);
        written
    }

    /// Flushes standard output.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub fn flush_bytes(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.remember(&flushed);
        flushed
    }

    /// The error with which output was lost, once; `None` if none was lost, or if the reader closed the stream.
    pub fn take_loss(&mut self) -> Option<io::Error> {
        self.flush();
        match std::mem::replace(&mut self.loss, Loss::Told) {
            Loss::Untold(error) => Some(error),
            Loss::Told => None,
            Loss::None => {
                self.loss = Loss::None;
                None
            }
        }
    }

    /// The exit code of a run that would have ended with `exit`. If its output was lost, the run has failed, unless it changed
    /// the node: then the code is that of the change.
    pub fn exit_unless_lost(&mut self, exit: Exit, has_changed: bool) -> Exit {
        let Some(error) = self.take_loss() else { return exit };
        let styles = self.err_styles;
        let label = if has_changed { styles.yellow("warning:") } else { styles.red("error:") };
        self.error_line(&format!("{label} writing standard output: {error}"));
        if has_changed || exit.is_failure() { exit } else { Exit::Refused }
    }

    fn remember(&mut self, written: &io::Result<()>) {
        if let (Loss::None, Err(error)) = (&self.loss, written)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // `io::Error` cannot be cloned; the code is sufficient.
            let copy = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            self.loss = Loss::Untold(copy);
        }
    }

    /// Prints a JSON object on one line of standard output. Control characters are written as `\u001b`, which has the same
    /// meaning in JSON.
    pub fn json(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(&text),
            Err(error) => self.error_line(&format!("error: writing JSON: {error}")),
        }
    }

    /// Prints a question on standard output without a line ending.
    pub fn prompt(&mut self, text: &str) {
        self.text(text);
        self.flush();
    }

    /// Prints a line on standard error, in the same way.
    pub fn error_line(&mut self, text: &str) {
        ignore(writeln!(self.err, "{}", harmless(text, self.err_styles)));
    }

    /// Prints a line on standard error that the next one replaces; an empty one clears it.
    pub fn progress(&mut self, text: &str) {
        if self.shows_progress {
            ignore(write!(self.err, "\r\u{1b}[K{text}"));
            ignore(self.err.flush());
        }
    }

    /// Flushes both streams.
    pub fn flush(&mut self) {
        let flushed = self.out.flush();
        self.remember(&flushed);
        ignore(self.err.flush());
    }
}

/// Escapes everything that could control a terminal: control characters, bidirectional and invisible characters and line
/// endings. The escape sequences of `styles` stay. All text output passes through this function.
fn harmless(text: &str, styles: Styles) -> Cow<'_, str> {
    if styles == Styles::plain() || !text.contains('\u{1b}') {
        return escape(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, sequence) = rest.split_at_checked(at).unwrap_or((rest, ""));
        shown.push_str(&escape(before));
        let length = Styles::sequence_length(sequence);
        let (own, after) = sequence.split_at_checked(length.unwrap_or(1)).unwrap_or((sequence, ""));
        shown.push_str(&if length.is_some() { Cow::Borrowed(own) } else { escape(own) });
        rest = after;
    }
    shown.push_str(&escape(rest));
    shown.into()
}

/// [`harmless`] for each line of `text`, with or without colours.
#[must_use]
pub fn harmless_lines(text: &str, styles: Styles) -> String {
    text.split('\n')
        .map(|line| harmless(&styles.strip(line), styles).into_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Ignores an error of standard error, because it could only be reported there.
fn ignore(result: io::Result<()>) {
    drop(result);
}
