//! `logs`: read, follow, filter and count the events of audit logs. Changes nothing.

mod args;
mod node_log;
mod options;
mod remarks;
mod show;
mod top;

pub(super) use args::{LogsArgs, field};

use super::global::NodeOptions;
use super::{end, refuse_reading};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::logs::Search;
use crate::node::{Follower, LogFile, Node};
use crate::observe::Obstacle;
use crate::report::{Output, Report};
use crate::rotation::moment_of_rotation;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

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

/// The logs to read.
struct Opened {
    /// In order.
    files: Vec<LogFile>,
    /// Logs that were given more than once.
    repeated: Vec<String>,
    /// Follows the log.
    follower: Option<Follower>,
    /// The followed log, if it does not exist yet.
    awaited: Option<PathBuf>,
}

fn open(args: &LogsArgs, options: &NodeOptions) -> Result<Opened, Obstacle> {
    match args.paths.as_slice() {
        [] => {
            let (node, log) = node_log::of_node(options)?;
            let (follower, files) = node.open_log(&log, args.follow)?;
            if files.is_empty() && !args.follow {
                return Err(Diagnostic::error(format!("the log {} does not exist yet", log.display()))
                    .help("check whether the API server uses it: kaudit status")
                    .help("or wait for it: kaudit logs -f")
                    .into());
            }
            let awaited = files.is_empty().then_some(log);
            Ok(Opened { files, repeated: Vec::new(), follower: args.follow.then_some(follower), awaited })
        }
        [path] if args.follow && path != Path::new("-") => {
            let (follower, file) = Node::follow_operators_log(path)?;
            let awaited = file.is_none().then(|| path.clone());
            let files = file.into_iter().collect();
            Ok(Opened { files, repeated: Vec::new(), follower: Some(follower), awaited })
        }
        paths => {
            let logs = Node::open_operators_logs(paths)?;
            Ok(Opened { files: logs.files, repeated: logs.repeated, follower: None, awaited: None })
        }
    }
}

/// Whether a file may contain events that were logged at `since` or later: not if it was rotated before. A tolerance of a
/// minute covers changes of the clock.
fn may_have(file: &LogFile, since: Option<Timestamp>) -> bool {
    let rotated = moment_of_rotation(&file.name);
    since
        .zip(rotated)
        .is_none_or(|(since, rotated)| since.duration_since(rotated) < SignedDuration::from_mins(1))
}
