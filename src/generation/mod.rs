//! What kaudit did to this node: one record per change, each with the bytes, mode, owner and attributes of every
//! file it touched, before and after. `disable` and `rollback` are decided from these.

mod format;
mod history;
mod store;

pub use history::History;
pub use store::{load, own_file, remove, save};

use crate::file::{FileState, Metadata};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where all of kaudit's own state lies.
pub const STATE_DIRECTORY: &str = "/var/lib/kaudit";
/// One directory per generation below this one.
pub const GENERATIONS_DIRECTORY: &str = "/var/lib/kaudit/generations";

/// One change of the node. Generation 0 is the state before the first record and has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// From 1, without gaps.
    pub number: u64,
    /// When, UTC, RFC 3339.
    pub time: String,
    /// What changed it: `enable`, `disable`, `rollback to 1`.
    pub command: String,
    /// Every file that was touched, and those that somebody had edited by hand and that came into force as they were.
    pub files: Vec<RecordedFile>,
    /// Directories that were made, parents first.
    pub made: Vec<RecordedDirectory>,
    /// Directories that were removed because they were empty, children first.
    pub removed: Vec<RecordedDirectory>,
    /// What of the node was kaudit's afterwards.
    pub owned: Owned,
}

impl Record {
    /// The files that the change makes other than they were. The rest is on record only, and never written: an edit that
    /// somebody makes meanwhile stays.
    #[must_use]
    pub fn changed_files(&self) -> impl DoubleEndedIterator<Item = &RecordedFile> {
        self.files.iter().filter(|file| file.before != file.after)
    }

    /// The entry of one file.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&RecordedFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// One file before and after a change; `None`: it was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFile {
    /// Its path on the node.
    pub path: PathBuf,
    /// Before.
    pub before: Option<FileState>,
    /// After.
    pub after: Option<FileState>,
}

/// A directory that a change made or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDirectory {
    /// Its path on the node.
    pub path: PathBuf,
    /// Its mode and owner.
    pub metadata: Metadata,
}

/// What kaudit added to things that others own too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owned {
    /// Volumes of the pod, with their mounts.
    pub volumes: Vec<String>,
    /// Environment entries of the API server's container.
    pub environment: Vec<String>,
    /// Directories that kaudit made.
    pub directories: Vec<PathBuf>,
}
