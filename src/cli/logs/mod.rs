//! `logs`: read, follow, filter and count the events of audit logs. Nothing is changed.

mod args;
mod open;
mod place;
mod remarks;
mod show;
mod top;
mod wish;

pub(super) use args::{LogsArgs, field};

use super::end::{end, refuse_reading};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::logs::Search;
use crate::observe::Obstacle;
use crate::report::{Output, Report};
use open::{may_have, open};

/// Shows what is asked for. The events are the output: what else there is to say goes to standard error.
pub(super) fn run(args: &LogsArgs, output: &mut Output<'_>) -> Exit {
    if let Err(refusal) = wish::check(args) {
        return end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage));
    }
    match open_and_show(args, output) {
        Ok(exit) => exit,
        Err(obstacle) => end(output, refuse_reading(obstacle)),
    }
}

fn open_and_show(args: &LogsArgs, output: &mut Output<'_>) -> Result<Exit, Obstacle> {
    let filter = wish::filter(&args.filters);
    let mut opened = open(args, &args.node)?;
    if let Some(log) = &opened.awaited {
        let text = format!("waiting for {}: there is no such file yet", log.display());
        remarks::tell(vec![Diagnostic::info(text).named("log-awaited")], output);
    }
    opened.files.retain(|file| may_have(file, filter.since));
    let search = Search::new(filter);
    if args.prints_events() {
        let form = wish::form(args, output);
        show::show(opened, &search, &form, wish::last(args), output)
    } else {
        top::show(opened, &search, args, output)
    }
}
