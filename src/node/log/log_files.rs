//! Audit logs that the operator named on the command line, opened to be read once from their beginning.

use super::log_file::{LogFile, Section};
use crate::node::Node;
use crate::rotation::logs_among;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Logs, all open, so that a rotation meanwhile loses nothing.
#[derive(Debug, Default)]
pub struct LogFiles {
    /// In the order in which they are to be read.
    pub files: Vec<LogFile>,
    /// Those that were named more than once and are there once.
    pub repeated: Vec<String>,
    /// Those that are there, by device and inode.
    seen: BTreeSet<(u64, u64)>,
}

impl Node {
    /// Opens the logs at `paths` of this machine, not below the root. `-` is standard input; a directory stands for the
    /// logs in it, the rotated ones too.
    ///
    /// # Errors
    /// One is not there or cannot be opened; there is no log in a directory.
    pub fn open_operators_logs(paths: &[PathBuf]) -> Result<LogFiles> {
        let mut logs = LogFiles::default();
        for path in paths {
            if path == Path::new("-") {
                logs.files.push(LogFile::stream("standard input".to_owned(), io::stdin()));
                continue;
            }
            let looking = || format!("opening {}", path.display());
            if !fs::metadata(path).with_context(looking)?.is_dir() {
                logs.open(path)?;
                continue;
            }
            let names = names_in(path).with_context(looking)?;
            let found = logs_among(&names);
            if found.is_empty() {
                bail!(
                    "there is no log in {}: no *.log, *.json or *.jsonl, compressed or not",
                    path.display()
                );
            }
            for name in found {
                logs.open(&path.join(name))?;
            }
        }
        Ok(logs)
    }

    /// How many threads make sense here.
    #[must_use]
    pub fn parallelism() -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}

impl LogFiles {
    fn open(&mut self, path: &Path) -> Result<()> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("opening {name}"))?;
        let metadata = file.metadata().with_context(|| format!("opening {name}"))?;
        if metadata.is_file() && !self.seen.insert((metadata.dev(), metadata.ino())) {
            self.repeated.push(name);
            return Ok(());
        }
        // Files that the kernel makes as they are read have no size, too.
        self.files.push(match if metadata.is_file() { metadata.len() } else { 0 } {
            0 => LogFile::stream(name, file),
            size => LogFile::section(name, Section::new(Arc::new(file), 0, size)),
        });
        Ok(())
    }
}
