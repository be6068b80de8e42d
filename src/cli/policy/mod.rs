//! `policy …`: everything about policies that needs no node.

mod args;
mod lint;
mod source;

use super::{Exit, end};
use crate::cli::args::Global;
use crate::refusal::Refusal;
use crate::report::{Output, Report};
pub(super) use args::PolicyArgs;
use args::PolicyCommand;

/// Runs one of the commands.
pub(super) fn run(args: &PolicyArgs, global: &Global, output: &mut Output<'_>) -> Exit {
    let result = match &args.command {
        PolicyCommand::Lint(args) => lint::run(args, global, output),
    };
    match result {
        Ok(exit) => exit,
        Err(refusal) => {
            let report = Report { refusals: vec![refusal], ..Report::default() };
            end(output, (report, Exit::Refused))
        }
    }
}

/// The end of a command.
type Result = std::result::Result<Exit, Refusal>;
