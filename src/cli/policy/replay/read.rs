//! The logs as they were read.

use super::progress::Progress;
use crate::diagnostic::Diagnostic;
use crate::lines::scan;
use crate::node::{LogFile, LogFiles, Node};
use crate::replay::{LogSums, Replay, Tally};
use crate::report::Output;

/// The logs as they were read.
#[derive(Debug)]
pub(super) struct Read {
    /// The sums over all of them.
    pub(super) tally: Tally,
    /// Each log with its statistics.
    pub(super) logs: Vec<(String, LogSums)>,
    /// Logs that were named more than once.
    pub(super) repeated: Vec<String>,
    /// Logs that could not be decompressed to their end, and why.
    pub(super) damaged: Vec<(String, String)>,
}

/// Reads all logs, each to its end or to where it is damaged.
pub(super) fn read(files: LogFiles, replay: &Replay, output: &mut Output<'_>) -> Result<Read, Diagnostic> {
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
