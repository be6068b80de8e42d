//! What is to be said beside the events: lines that were passed over, logs that are damaged.

use crate::cli::columns::number;
use crate::diagnostic::Diagnostic;
use crate::logs::Faults;
use crate::report::{Output, Report, print_plan};
use std::io;

/// How many places are named.
const PLACES: usize = 3;

/// What was noticed of each log.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    logs: Vec<OfLog>,
    /// Logs that were named more than once.
    repeated: Vec<String>,
}

#[derive(Debug)]
struct OfLog {
    name: String,
    /// How many lines were read before; `None`: nobody has counted them.
    before: Option<u64>,
    faults: Faults,
    /// Why it could not be decompressed to its end.
    damage: Option<String>,
}

impl Remarks {
    /// `repeated` are logs that were named more than once.
    pub(super) fn new(repeated: Vec<String>) -> Self {
        Self { logs: Vec::new(), repeated }
    }

    /// What comes next is of this log, of which so many lines were read before, if they were counted.
    pub(super) fn begin(&mut self, name: &str, before: Option<u64>) {
        self.logs.push(OfLog { name: name.to_owned(), before, faults: Faults::default(), damage: None });
    }

    /// What was passed over in the next piece.
    pub(super) fn add(&mut self, faults: &Faults) {
        if let Some(log) = self.logs.last_mut() {
            log.faults.absorb(faults);
        }
    }

    /// The log is read.
    ///
    /// # Errors
    /// The system could not read on.
    pub(super) fn end(&mut self, outcome: io::Result<()>) -> Result<(), Diagnostic> {
        let (Err(error), Some(log)) = (outcome, self.logs.last_mut()) else { return Ok(()) };
        if error.raw_os_error().is_some() {
            return Err(Diagnostic::error(format!("reading {}: {error}", log.name)));
        }
        // Such an error comes from the decompression.
        log.damage = Some(error.to_string());
        Ok(())
    }

    /// The logs were read from the last one to the first one.
    pub(super) fn reverse(&mut self) {
        self.logs.reverse();
    }

    /// How many lines of the last log were read, if they were counted.
    pub(super) fn lines_of_last(&self) -> Option<u64> {
        self.logs.last().and_then(|log| Some(log.before? + log.faults.lines))
    }

    /// All of it.
    pub(super) fn notes(&self) -> Vec<Diagnostic> {
        let repeated = self
            .repeated
            .iter()
            .map(|name| Diagnostic::info(format!("{name} is named more than once, and is read once")));
        let damaged = self.logs.iter().filter_map(|log| {
            let text = format!("{} is damaged, and not read to its end: {}", log.name, log.damage.as_ref()?);
            Some(Diagnostic::warning(text).named("log-damaged"))
        });
        repeated.chain(damaged).chain(self.passed_over()).collect()
    }

    fn passed_over(&self) -> Option<Diagnostic> {
        let count: u64 = self.logs.iter().map(|log| log.faults.count).sum();
        let places = self.logs.iter().flat_map(|log| {
            log.faults.places.iter().map(|(line, why)| match log.before {
                Some(before) => format!("{}:{}: {why}", log.name, before + line + 1),
                None => format!("{}: {why}", log.name),
            })
        });
        let places: Vec<String> = places.take(PLACES).collect();
        let more = if count > places.len() as u64 { "; …" } else { "" };
        let are = if count == 1 { "line has no event and is" } else { "lines have no event and are" };
        let text = format!("{} {are} passed over: {}{more}", number(count), places.join("; "));
        (count > 0).then(|| Diagnostic::warning(text).named("log-malformed"))
    }

    /// So that nothing is not taken for a failure.
    pub(super) fn nothing_found(&self, events: u64) -> Option<Diagnostic> {
        let lines: u64 = self.logs.iter().map(|log| log.faults.lines).sum();
        let logs =
            if self.logs.len() == 1 { "1 log".to_owned() } else { format!("{} logs", self.logs.len()) };
        let text = format!("no event fits; lines read: {} of {logs}", number(lines));
        (events == 0).then(|| Diagnostic::info(text))
    }

    /// A log was emptied while it was followed.
    pub(super) fn emptied(name: &str) -> Diagnostic {
        let text =
            format!("{name} was emptied in place: what was written before that and not read yet is lost");
        Diagnostic::warning(text).named("log-emptied")
    }

    /// A rotated log was removed before it was read.
    pub(super) fn removed(name: &str) -> Diagnostic {
        let text = format!("{name} was removed before it could be read: its events are not shown");
        Diagnostic::warning(text).named("log-removed")
    }
}

/// Says it now.
pub(super) fn tell(notes: Vec<Diagnostic>, output: &mut Output<'_>) {
    print_plan(output, &Report { notes, ..Report::default() });
}
