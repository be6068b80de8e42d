//! `logs`: read, follow, filter and count the events of audit logs. Changes nothing.

mod args;
mod node_log;
mod open;
mod options;
mod remarks;
mod show;
mod top;

pub(super) use args::{LogsArgs, field};

use super::end::{end, refuse_reading};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::logs::Search;
use crate::observe::Obstacle;
use crate::report::{Output, Report};
use open::{may_have, open};

/// Prints the selected events on standard output. Diagnostics are printed on standard error.
pub(super) fn run(args: &LogsArgs, output: &mut Output<'_>) -> Exit {
    if let Err(refusal) = options::check(args) {
        return end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage));
    }
    match open_and_show(args, output) {
        Ok(exit) => exit,
        Err(obstacle) => end(output, refuse_reading(obstacle)),
    }
}

fn open_and_show(args: &LogsArgs, output: &mut Output<'_>) -> Result<Exit, Obstacle> {
    let filter = options::filter(&args.filters);
    let mut opened = open(args, &args.node)?;
    if let Some(log) = &opened.awaited {
        let text = format!("waiting for {}: the file does not exist yet", log.display());
        remarks::tell(vec![Diagnostic::info(text).named("log-awaited")], output);
    }
    opened.files.retain(|file| may_have(file, filter.since));
    let search = Search::new(filter);
    if args.prints_events() {
        let form = options::form(args, output);
        show::show(opened, &search, &form, options::last(args), output)
    } else {
        top::show(opened, &search, args, output)
    }
}
