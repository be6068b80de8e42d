//! `policy replay`

mod details;
mod notes;
mod progress;
mod shown;
mod text;

use super::args::Replay as Args;
use super::source::{load, minor};
use super::{misused, namesake};
use crate::cli::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::lines::scan;
use crate::node::{LogFile, LogFiles, Node};
use crate::replay::{LogSums, Replay, Replayed, Tally};
use crate::report::{Output, Report};
use progress::Progress;
use shown::{Shown, Side};
use std::path::Path;

/// Counts what one policy or two make of the logs.
///
/// # Errors
/// A policy cannot be read, or the API server would not start with it; a log cannot be read.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::Result {
    let names = || std::iter::once(&args.policy).chain(&args.compare);
    let inputs = names().map(Path::new).chain(args.logs.iter().map(AsRef::as_ref));
    if inputs.filter(|input| *input == Path::new("-")).count() > 1 {
        return Ok(misused(
            Diagnostic::error("only one of the policies and logs can be standard input"),
            output,
        ));
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
        details: Some(("replay", details::details(&shown))),
        notes: [namesake::notes(names()), notes::notes(&shown)].concat(),
        message: text::message(&shown),
        ..Report::default()
    };
    // Not a log, or the policy in its place: an empty log has no lines.
    let log = &read.tally.log;
    let exit = if log.events.events == 0 && log.malformed > 0 { Exit::Refused } else { Exit::Done };
    Ok(end(output, (report, exit)))
}

/// The logs as they were read.
#[derive(Debug)]
struct Read {
    /// What was counted in all of them.
    tally: Tally,
    /// Each log with what it is.
    logs: Vec<(String, LogSums)>,
    /// Logs that were named more than once.
    repeated: Vec<String>,
    /// Logs that could not be decompressed to their end, and why.
    damaged: Vec<(String, String)>,
}

/// Reads all logs, each to its end or to where it is damaged.
fn read(files: LogFiles, replay: &Replay, output: &mut Output<'_>) -> Result<Read, Diagnostic> {
    let mut read =
        Read { tally: replay.start(), logs: Vec::new(), repeated: files.repeated, damaged: Vec::new() };
    let mut progress = Progress::new(files.files.iter().map(|file| file.size).sum());
    for file in files.files {
        let LogFile { name, size, .. } = &file;
        let (name, size, meter) = (name.clone(), *size, file.meter());
        let mut of_file = LogSums::default();
        let fold = |tally: Tally| {
            of_file.absorb(&tally.log);
            read.tally.absorb(tally);
            progress.tell(meter.taken(), output);
        };
        let outcome =
            file.read().and_then(|log| scan(log, Node::parallelism(), |chunk| replay.read(chunk), fold));
        progress.finish(size);
        read.logs.push((name.clone(), of_file));
        match outcome {
            Ok(()) => {}
            // Such an error comes from the decompression, not from the system.
            Err(error) if error.raw_os_error().is_none() => read.damaged.push((name, error.to_string())),
            Err(error) => return Err(Diagnostic::error(format!("reading {name}: {error}"))),
        }
    }
    output.progress("");
    Ok(read)
}
