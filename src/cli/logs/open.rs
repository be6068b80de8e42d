//! Opens the logs to read.

use super::args::LogsArgs;
use super::node_log;
use crate::cli::global::NodeOptions;
use crate::diagnostic::Diagnostic;
use crate::node::{Follower, LogFile, Node};
use crate::observe::Obstacle;
use crate::rotation::moment_of_rotation;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

/// The logs to read.
pub(super) struct Opened {
    /// In order.
    pub(super) files: Vec<LogFile>,
    /// Logs that were given more than once.
    pub(super) repeated: Vec<String>,
    /// Follows the log.
    pub(super) follower: Option<Follower>,
    /// The followed log, if it does not exist yet.
    pub(super) awaited: Option<PathBuf>,
}

pub(super) fn open(args: &LogsArgs, options: &NodeOptions) -> Result<Opened, Obstacle> {
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
pub(super) fn may_have(file: &LogFile, since: Option<Timestamp>) -> bool {
    let rotated = moment_of_rotation(&file.name);
    since
        .zip(rotated)
        .is_none_or(|(since, rotated)| since.duration_since(rotated) < SignedDuration::from_mins(1))
}
