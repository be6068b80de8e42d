//! Diagnostics about logs: skipped lines, damaged files.

use crate::cli::columns::{counted, number};
use crate::diagnostic::Diagnostic;
use crate::logs::Faults;
use crate::report::{Output, Report, print_plan};
use std::io;

/// How many positions of skipped lines are listed.
const POSITIONS: usize = 3;

/// The problems of all logs.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    logs: Vec<OfLog>,
    /// Logs that were given more than once.
    repeated: Vec<String>,
}

#[derive(Debug)]
struct OfLog {
    name: String,
    /// How many lines were read before; `None`: unknown.
    before: Option<u64>,
    faults: Faults,
    /// Why it could not be decompressed completely.
    damage: Option<String>,
}

impl Remarks {
    /// `repeated` are logs that were given more than once.
    pub(super) fn new(repeated: Vec<String>) -> Self {
        Self { logs: Vec::new(), repeated }
    }

    /// Starts with the next log. `before` is the number of lines that were already read, if known.
    pub(super) fn begin(&mut self, name: &str, before: Option<u64>) {
        self.logs.push(OfLog { name: name.to_owned(), before, faults: Faults::default(), damage: None });
    }

    /// Adds the skipped lines of the next part.
    pub(super) fn add(&mut self, faults: &Faults) {
        if let Some(log) = self.logs.last_mut() {
            log.faults.absorb(faults);
        }
    }

    /// Ends the current log.
    ///
    /// # Errors
    /// The system could not read it.
    pub(super) fn end(&mut self, outcome: io::Result<()>) -> Result<(), Diagnostic> {
        let (Err(error), Some(log)) = (outcome, self.logs.last_mut()) else { return Ok(()) };
        if error.raw_os_error().is_some() {
            return Err(Diagnostic::error(format!("cannot read {}: {error}", log.name)));
        }
        // An error without an OS error code comes from the decompression.
        log.damage = Some(error.to_string());
        Ok(())
    }

    /// The logs were read from the last one to the first one.
    pub(super) fn reverse(&mut self) {
        self.logs.reverse();
    }

    /// How many lines of the last log were read, if known.
    pub(super) fn lines_of_last(&self) -> Option<u64> {
        self.logs.last().and_then(|log| Some(log.before? + log.faults.lines))
    }

    /// All diagnostics.
    pub(super) fn notes(&self) -> Vec<Diagnostic> {
        let repeated = self
            .repeated
            .iter()
            .map(|name| Diagnostic::info(format!("{name} was given more than once, and is read only once")));
        let damaged = self.logs.iter().filter_map(|log| {
            let text =
                format!("{} is damaged and was not read completely: {}", log.name, log.damage.as_ref()?);
            Some(Diagnostic::warning(text).named("log-damaged"))
        });
        repeated.chain(damaged).chain(self.skipped()).collect()
    }

    fn skipped(&self) -> Option<Diagnostic> {
        let count: u64 = self.logs.iter().map(|log| log.faults.count).sum();
        let positions = self.logs.iter().flat_map(|log| {
            log.faults.places.iter().map(|(line, why)| match log.before {
                Some(before) => format!("{}:{}: {why}", log.name, before + line + 1),
                None => format!("{}: {why}", log.name),
            })
        });
        let positions: Vec<String> = positions.take(POSITIONS).collect();
        let more = if count > positions.len() as u64 { "; …" } else { "" };
        let are = if count == 1 { "line is not an event and was" } else { "lines are not events and were" };
        let text = format!("{} {are} skipped: {}{more}", number(count), positions.join("; "));
        (count > 0).then(|| Diagnostic::warning(text).named("log-malformed"))
    }

    /// States that no event matched, so that empty output is not taken for an error.
    pub(super) fn nothing_found(&self, events: u64) -> Option<Diagnostic> {
        let lines = counted(self.logs.iter().map(|log| log.faults.lines).sum(), "line");
        let text = format!("no matching events in {lines} of {}", counted(self.logs.len() as u64, "log"));
        (events == 0).then(|| Diagnostic::info(text))
    }

    /// A followed log was truncated.
    pub(super) fn emptied(name: &str) -> Diagnostic {
        let text = format!("{name} was truncated: events that were logged before and not read yet are lost");
        Diagnostic::warning(text).named("log-emptied")
    }

    /// A rotated log was removed before it was read.
    pub(super) fn removed(name: &str) -> Diagnostic {
        let text = format!("{name} was removed before it could be read: its events are not printed");
        Diagnostic::warning(text).named("log-removed")
    }
}

/// Prints diagnostics immediately.
pub(super) fn tell(notes: Vec<Diagnostic>, output: &mut Output<'_>) {
    print_plan(output, &Report { notes, ..Report::default() });
}
