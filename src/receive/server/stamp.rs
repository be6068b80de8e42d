//! Whether a file is still the one that was read.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files are looked at this often at most: a connection must not cost a look at each.
const LOOK: Duration = Duration::from_secs(1);

/// What tells one state of a file from another. A Secret that is mounted changes its link, so its inode.
type State = Option<(u64, u64, u64, i64, i64)>;

/// Some files, and their states when they were read.
#[derive(Debug)]
pub(super) struct Stamp {
    files: Vec<PathBuf>,
    states: Vec<State>,
    looked: Instant,
}

impl Stamp {
    /// To be made before the files are read: a change meanwhile is one that is seen later.
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        let states = files.iter().map(|path| state(path)).collect();
        Self { files, states, looked: Instant::now() }
    }

    /// Whether one of them changed since the last time that this was true.
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
