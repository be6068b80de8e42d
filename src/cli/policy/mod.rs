//! `policy …`: everything about policies that needs no node.

mod args;
mod diff;
mod end;
mod explain;
mod kubectl;
mod lint;
mod migrate;
mod namesake;
mod presets;
mod replay;
mod source;

use super::end::end;
use crate::exit::Exit;
use crate::report::{Output, Report};
pub(super) use args::PolicyArgs;
use args::PolicyCommand;

/// Runs one of the commands.
pub(super) fn run(args: &PolicyArgs, output: &mut Output<'_>) -> Exit {
    let result = match &args.command {
        PolicyCommand::Lint(it) => lint::run(&it.args, &it.node, output),
        PolicyCommand::Explain(it) => explain::run(&it.args, &it.node, output),
        PolicyCommand::List(_) => Ok(presets::list(output)),
        PolicyCommand::Show(args) => Ok(presets::show(&args.name, output)),
        PolicyCommand::Diff(it) => diff::run(&it.args, &it.node, output),
        PolicyCommand::Replay(it) => replay::run(&it.args, &it.node, output),
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
