//! What people and programs see of a run. Only this module prints, but for what `receive` passes on to standard output
//! (`node::receiver`): events are no report.

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

/// Everything that a run has to say in the end.
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
    /// Remarks and warnings.
    pub notes: Vec<Diagnostic>,
    /// Files before and after, secrets masked.
    pub diff: Vec<FileDiff>,
    /// Why nothing was done.
    pub refusals: Vec<Diagnostic>,
    /// What was checked after writing.
    pub verified: Verified,
    /// What became of the API server.
    pub restart: Restarted,
    /// Further fields of a command's own, for `-o json`.
    pub details: Option<(&'static str, Value)>,
    /// Further lines of a command's own, for people.
    pub lines: Vec<String>,
}

impl Report {
    /// The plan was shown already.
    pub fn forget_plan(&mut self) {
        self.diff.clear();
        self.notes.clear();
    }
}

/// What was checked after writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Every written file was read again and is as planned.
    pub on_disk: bool,
    /// The pid of the API server that was witnessed: new, and started with the planned words.
    pub process: Option<i32>,
    /// It answered that it lives and is ready, without a break for some seconds.
    pub healthy: bool,
    /// The `Audit-ID` of the request whose event was found in the log.
    pub audit_event: Option<String>,
    /// The `Audit-ID` of the request whose event the webhook's receiver should have, where events go there alone.
    pub sent_event: Option<String>,
    /// Why there is no event in the log, where one could be expected.
    pub unproven: Option<String>,
}

/// What became of the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restarted {
    /// `surge`, `move`, `rewrite` or `none`.
    pub method: &'static str,
    /// Whether it was restarted.
    pub performed: bool,
    /// How long no API server was ready, in milliseconds; of a surge: for clients of the node's address.
    pub unavailable_ms: u64,
    /// The same for those of a surge who use what only the node itself uses: its loopback addresses, or the only address on
    /// which the API server listens.
    pub unavailable_to_itself_ms: Option<u64>,
    /// Where the events are that the second API server of a surge logged.
    pub surge_log: Option<String>,
    /// Whether the old one was ended before its grace period was over, as `--drain` asks.
    pub ended_early: bool,
    /// Whether the state before was put back.
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

/// Where a run prints, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
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
    /// Standard error is a terminal that progress may be shown on.
    pub shows_progress: bool,
    /// How many columns standard output has, where it is a terminal.
    pub out_columns: Option<usize>,
    /// How many columns standard error has, where it is a terminal.
    pub err_columns: Option<usize>,
    /// What became of what standard output did not take.
    pub loss: Loss,
}

/// Whether standard output took all that was said.
#[derive(Debug, Default)]
pub enum Loss {
    /// It did, or nobody wanted to read on.
    #[default]
    None,
    /// It did not, the disk being full say, and nobody knows yet.
    Untold(io::Error),
    /// It did not, and that was told.
    Told,
}

#[cfg(test)]
impl<'a> Output<'a> {
    /// Two streams that are no terminals, and no option given.
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
    /// A line on standard output. That nobody reads it any more must not end a run: an SSH session that dies makes
    /// every write fail. [`Output::take_loss`] tells in the end.
    pub fn line(&mut self, text: &str) {
        let written = writeln!(self.out, "{}", harmless(text, self.out_styles));
        self.remember(&written);
    }

    /// A whole text on standard output, as it is; likewise.
    pub fn text(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes());
        self.remember(&written);
    }

    /// Bytes on standard output, for commands whose only work they are.
    ///
    /// # Errors
    /// They cannot be written: nobody reads them any more, or the disk is full.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.out.write_all(bytes);
        self.remember(&written);
        written
    }

    /// Sees to it that all bytes so far are seen.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub fn flush_bytes(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.remember(&flushed);
        flushed
    }

    /// Why standard output did not take all that was said, once; nothing where it did, or where nobody wanted to read on.
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

    /// The exit code of a run that would have ended with `exit`: if its output could not be written, the run has failed,
    /// unless it changed the node; then the code says how the change ended.
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
            // An error cannot be cloned; this one says as much.
            let copy = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            self.loss = Loss::Untold(copy);
        }
    }

    /// One JSON object on standard output, on a line of its own. What could control a terminal is written as `\u001b`,
    /// which means the same in JSON.
    pub fn json(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(&text),
            Err(error) => self.error_line(&format!("error: writing JSON: {error}")),
        }
    }

    /// A question on standard output, which the answer follows on the same line.
    pub fn prompt(&mut self, text: &str) {
        self.text(text);
        self.flush();
    }

    /// A line on standard error, likewise.
    pub fn error_line(&mut self, text: &str) {
        ignore(writeln!(self.err, "{}", harmless(text, self.err_styles)));
    }

    /// A line on standard error that the next one takes the place of; the empty one clears it.
    pub fn progress(&mut self, text: &str) {
        if self.shows_progress {
            ignore(write!(self.err, "\r\u{1b}[K{text}"));
            ignore(self.err.flush());
        }
    }

    /// Makes sure that what was said is seen, before a question.
    pub fn flush(&mut self) {
        let flushed = self.out.flush();
        self.remember(&flushed);
        ignore(self.err.flush());
    }
}

/// The one place that makes text harmless for a terminal: control characters, bidirectional and invisible characters and
/// line ends are escaped. The escape sequences of `styles` itself stay.
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

/// Where remarks cannot be told, that cannot be told either.
fn ignore(result: io::Result<()>) {
    drop(result);
}
