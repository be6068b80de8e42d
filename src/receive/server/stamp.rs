//! Detection of changed files.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The minimum time between two checks: not every connection should cost a stat(2) per file.
const LOOK: Duration = Duration::from_secs(1);

/// The identity of a file's state. A mounted Secret changes its symbolic link, and so the inode.
type State = Option<(u64, u64, u64, i64, i64)>;

/// Files and their states when they were read.
#[derive(Debug)]
pub(super) struct Stamp {
    files: Vec<PathBuf>,
    states: Vec<State>,
    looked: Instant,
}

impl Stamp {
    /// Must be created before the files are read, so that a concurrent change is detected later.
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        let states = files.iter().map(|path| state(path)).collect();
        Self { files, states, looked: Instant::now() }
    }

    /// Whether a file changed since this last returned true.
    pub(super) fn changed(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        let states: Vec<State> = self.files.iter().map(|path| state(path)).collect();
        let changed = states != self.states;
        self.states = states;
        changed
    }
}

fn state(path: &Path) -> State {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.ctime_nsec()))
}
