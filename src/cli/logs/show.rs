//! Prints events: of logs that are there, and as they come.

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

/// How often a log is looked at for something new. A person does not notice it, and it costs some system calls.
const PAUSE: Duration = Duration::from_millis(200);

/// A smaller log is read before other threads have begun.
const WORTH_THREADS: u64 = 4 << 20;

/// Prints the events, the last `last` of them where so many are enough, and goes on with those that come.
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
    /// Standard output takes no more: nobody reads it, or it failed, which it remembers.
    is_over: bool,
    events: u64,
}

impl Printer<'_, '_> {
    fn print(&mut self, lines: &[u8]) -> ControlFlow<()> {
        let written = self.output.bytes(lines);
        self.unless(written.is_err())
    }

    /// Sees to it that what was printed is seen.
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

    /// From the newest log back, until there are enough.
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
        // It is remembered.
        let _: ControlFlow<()> = self.print(&all.lines);
        Ok(())
    }

    /// Prints what comes, until nobody reads it any more or a signal ends the process. `lines` are those of the file that
    /// were read already, if they were counted.
    fn follow(&mut self, mut follower: Follower, mut lines: Option<u64>) -> Result<(), Obstacle> {
        while self.flush().is_continue() {
            match follower.step()? {
                Some(Step::Lines { log, is_new_file }) => {
                    let mut remarks = Remarks::default();
                    remarks.begin(&log.name, if is_new_file { Some(0) } else { lines });
                    self.file(log, &mut remarks)?;
                    lines = remarks.lines_of_last();
                    // The events before the remarks about them; the loop sees whether it failed.
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

/// Reads a log to its end, or to where `fold` breaks.
///
/// # Errors
/// It cannot be read or decompressed on.
pub(super) fn scan_file<T: Send>(
    file: LogFile,
    read: impl Fn(&Chunk) -> T + Sync,
    fold: impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    // What comes out of a pipe now is shown now, while threads would wait for more.
    let is_pipe = file.size == 0;
    // Of a compressed file the size says little.
    let is_compressed = Path::new(&file.name).extension().is_some_and(|extension| extension == "gz");
    let is_small = file.size < WORTH_THREADS && !is_compressed;
    let threads = if is_pipe || is_small { 1 } else { Node::parallelism() };
    scan_while(file.read()?, threads, read, fold)
}
