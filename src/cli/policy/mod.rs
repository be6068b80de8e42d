//! `policy …`: everything about policies that needs no node.

mod args;
mod diff;
mod explain;
mod kubectl;
mod lint;
mod migrate;
mod namesake;
mod presets;
mod replay;
mod source;

use super::end;
use crate::cli::args::Global;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::report::{Output, Report};
pub(super) use args::PolicyArgs;
use args::PolicyCommand;

/// Runs one of the commands.
pub(super) fn run(args: &PolicyArgs, global: &Global, output: &mut Output<'_>) -> Exit {
    let result = match &args.command {
        PolicyCommand::Lint(args) => lint::run(args, global, output),
        PolicyCommand::Explain(args) => explain::run(args, global, output),
        PolicyCommand::List => Ok(presets::list(output)),
        PolicyCommand::Show { name } => Ok(presets::show(name, output)),
        PolicyCommand::Diff(args) => diff::run(args, global, output),
        PolicyCommand::Replay(args) => replay::run(args, global, output),
        PolicyCommand::Migrate(args) => migrate::run(args, output),
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

/// The end of a command line that makes no sense.
fn misused(refusal: Refusal, output: &mut Output<'_>) -> Exit {
    end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage))
}
