//! Generations: one record per change of the node, each with content, mode, owner and attributes of every changed
//! file, before and after. `disable` and `rollback` use them.

mod format;
mod history;
mod store;

pub use history::History;
pub use store::{load, own_file, remove, save};

use crate::file::{FileState, Metadata};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The directory of kaudit's own state.
pub const STATE_DIRECTORY: &str = "/var/lib/kaudit";
/// The directory with one subdirectory per generation.
pub const GENERATIONS_DIRECTORY: &str = "/var/lib/kaudit/generations";

/// One change of the node. Generation 0 is the state before the first record and has no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// From 1, without gaps.
    pub number: u64,
    /// The time, UTC, RFC 3339.
    pub time: String,
    /// The command: `enable`, `disable`, `rollback to 1`.
    pub command: String,
    /// Every changed file, and files edited by hand that took effect with this change.
    pub files: Vec<RecordedFile>,
    /// Directories that were created, parents first.
    pub made: Vec<RecordedDirectory>,
    /// Directories that were removed because they were empty, children first.
    pub removed: Vec<RecordedDirectory>,
    /// What kaudit owned afterwards.
    pub owned: Owned,
}

impl Record {
    /// The files that the change modifies. Other files are recorded only, and never written: a concurrent edit of them
    /// stays.
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

/// One file before and after a change; `None`: it did not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFile {
    /// Its path on the node.
    pub path: PathBuf,
    /// Before.
    pub before: Option<FileState>,
    /// After.
    pub after: Option<FileState>,
}

/// A directory that a change created or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDirectory {
    /// Its path on the node.
    pub path: PathBuf,
    /// Its mode and owner.
    pub metadata: Metadata,
}

/// What kaudit added to objects that also have other content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owned {
    /// Volumes of the pod, with their mounts.
    pub volumes: Vec<String>,
    /// Environment variables of the API server's container.
    pub environment: Vec<String>,
    /// Directories that kaudit created.
    pub directories: Vec<PathBuf>,
}
