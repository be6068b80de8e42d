//! `policy replay`

mod notes;
mod progress;
mod read;
mod shown;
mod text;
mod view;

use super::args::Replay as Args;
use super::end::misused;
use super::namesake;
use super::source::{load, minor};
use crate::cli::end::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::node::Node;
use crate::replay::{Replay, Replayed};
use crate::report::{Details, Output, Report};
use read::read;
use shown::{Shown, Side};
use std::path::Path;
pub(in crate::cli) use view::ReplayView;

/// Counts what one or two policies log of the logs.
///
/// # Errors
/// A policy cannot be read, or the API server would not start with it; a log cannot be read.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::end::Result {
    let names = || std::iter::once(&args.policy).chain(&args.compare);
    let inputs = names().map(Path::new).chain(args.logs.iter().map(AsRef::as_ref));
    if inputs.filter(|input| *input == Path::new("-")).count() > 1 {
        return Ok(misused(Diagnostic::error("only one policy or log can be standard input"), output));
    }
    let minor = minor(&args.version, options)?;
    let policies = names().map(|name| load(name, minor)).collect::<Result<Vec<_>, Diagnostic>>()?;
    let logs =
        Node::open_operators_logs(&args.logs).map_err(|error| Diagnostic::error(format!("{error:#}")))?;
    let replay = Replay::new(policies.iter().map(|(_, policy)| policy));
    let read = read(logs, &replay, output)?;
    let sides = policies.iter().zip(&read.tally.policies);
    let sides = sides.map(|((source, policy), days)| Side::new(source, policy, Replayed::new(policy, days)));
    let shown = Shown { sides: sides.collect(), read: &read, top: args.top };
    let report = Report {
        lines: text::lines(&shown, output.out_styles),
        details: Some(Details::of(&ReplayView::of(&shown))),
        notes: [namesake::notes(names()), notes::notes(&shown)].concat(),
        message: text::message(&shown),
        ..Report::default()
    };
    // Not a log, or the policy in its place: an empty log has no lines.
    let log = &read.tally.log;
    let exit = if log.events.events == 0 && log.malformed > 0 { Exit::Refused } else { Exit::Done };
    Ok(end(output, (report, exit)))
}
