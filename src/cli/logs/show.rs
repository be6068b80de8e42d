//! Prints events of existing logs, and new events as they are logged.

use super::open::Opened;
use super::remarks::{Remarks, tell};
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::lines::{Chunk, scan_while};
use crate::logs::{Form, Found, Search};
use crate::node::{Follower, LogFile, Node, Step};
use crate::observe::Obstacle;
use crate::report::{Output, Report};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

/// The interval at which a log is polled: short enough for interactive use, and it costs only a few system calls.
const PAUSE: Duration = Duration::from_millis(200);

/// A smaller log is read completely before further threads have started.
const WORTH_THREADS: u64 = 4 << 20;

/// Prints the events, only the last `last` ones if given, and then follows the log if requested.
///
/// # Errors
/// A log cannot be read.
pub(super) fn show(
    opened: Opened,
    search: &Search,
    form: &Form,
    last: Option<usize>,
    output: &mut Output<'_>,
) -> Result<Exit, Obstacle> {
    let mut remarks = Remarks::new(opened.repeated);
    let mut printer = Printer { search, form, output, is_over: false, events: 0 };
    if printer.print(&form.head()).is_continue() {
        match last {
            None => printer.all(opened.files, &mut remarks)?,
            Some(last) => printer.last(opened.files, last, &mut remarks)?,
        }
    }
    if !printer.is_over {
        if let Some(follower) = opened.follower {
            tell(remarks.notes(), printer.output);
            printer.follow(follower, remarks.lines_of_last())?;
        } else {
            let mut notes = remarks.notes();
            notes.extend(remarks.nothing_found(printer.events));
            return Ok(end(printer.output, (Report { notes, ..Report::default() }, Exit::Done)));
        }
    }
    Ok(end(printer.output, (Report::default(), Exit::Done)))
}

struct Printer<'p, 'o> {
    search: &'p Search,
    form: &'p Form,
    output: &'p mut Output<'o>,
    /// Standard output is closed, or writing failed, which `Output` remembers.
    is_over: bool,
    events: u64,
}

impl Printer<'_, '_> {
    fn print(&mut self, lines: &[u8]) -> ControlFlow<()> {
        let written = self.output.bytes(lines);
        self.unless(written.is_err())
    }

    /// Flushes standard output.
    fn flush(&mut self) -> ControlFlow<()> {
        let flushed = self.output.flush_bytes();
        self.unless(flushed.is_err())
    }

    fn unless(&mut self, is_over: bool) -> ControlFlow<()> {
        self.is_over |= is_over;
        if self.is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn all(&mut self, files: Vec<LogFile>, remarks: &mut Remarks) -> Result<(), Diagnostic> {
        for file in files {
            remarks.begin(&file.name, Some(0));
            self.file(file, remarks)?;
            if self.is_over {
                break;
            }
        }
        Ok(())
    }

    fn file(&mut self, file: LogFile, remarks: &mut Remarks) -> Result<(), Diagnostic> {
        let (search, form) = (self.search, self.form);
        let is_pipe = file.size == 0;
        let read = |chunk: &Chunk| search.read(chunk, form, None);
        let outcome = scan_file(file, read, |found| {
            remarks.add(&found.faults);
            self.events += found.events;
            self.print(&found.lines)?;
            if is_pipe { self.flush() } else { ControlFlow::Continue(()) }
        });
        remarks.end(outcome)
    }

    /// Reads from the newest log backwards, until there are enough events.
    fn last(&mut self, files: Vec<LogFile>, last: usize, remarks: &mut Remarks) -> Result<(), Diagnostic> {
        let (search, form) = (self.search, self.form);
        let mut all = Found::default();
        for file in files.into_iter().rev() {
            let missing = last.saturating_sub(usize::try_from(all.events).unwrap_or(usize::MAX));
            if missing == 0 {
                break;
            }
            remarks.begin(&file.name, Some(0));
            let mut of_file = Found::default();
            let read = |chunk: &Chunk| search.read(chunk, form, Some(missing));
            let outcome = scan_file(file, read, |found| {
                remarks.add(&found.faults);
                of_file.follow(found, missing);
                ControlFlow::Continue(())
            });
            remarks.end(outcome)?;
            all.precede(of_file, last);
        }
        remarks.reverse();
        self.events += all.events;
        // `is_over` remembers the result.
        let _: ControlFlow<()> = self.print(&all.lines);
        Ok(())
    }

    /// Prints new events until standard output is closed or a signal ends the process. `lines` is the number of lines of the
    /// file that were already read, if known.
    fn follow(&mut self, mut follower: Follower, mut lines: Option<u64>) -> Result<(), Obstacle> {
        while self.flush().is_continue() {
            match follower.step()? {
                Some(Step::Lines { log, is_new_file }) => {
                    let mut remarks = Remarks::default();
                    remarks.begin(&log.name, if is_new_file { Some(0) } else { lines });
                    self.file(log, &mut remarks)?;
                    lines = remarks.lines_of_last();
                    // Events before the diagnostics about them; the loop checks the result.
                    let _: ControlFlow<()> = self.flush();
                    tell(remarks.notes(), self.output);
                }
                Some(Step::Emptied(name)) => tell(vec![Remarks::emptied(&name)], self.output),
                Some(Step::Removed(name)) => tell(vec![Remarks::removed(&name)], self.output),
                None if Node::pause_while_read(PAUSE) => {}
                None => break,
            }
        }
        Ok(())
    }
}

/// Reads a log to its end, or until `fold` breaks.
///
/// # Errors
/// It cannot be read or decompressed.
pub(super) fn scan_file<T: Send>(
    file: LogFile,
    read: impl Fn(&Chunk) -> T + Sync,
    fold: impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    // Events from a pipe are printed immediately; several threads would wait for more input.
    let is_pipe = file.size == 0;
    // The size of a compressed file says little about its content.
    let is_compressed = Path::new(&file.name).extension().is_some_and(|extension| extension == "gz");
    let is_small = file.size < WORTH_THREADS && !is_compressed;
    let threads = if is_pipe || is_small { 1 } else { Node::parallelism() };
    scan_while(file.read()?, threads, read, fold)
}
