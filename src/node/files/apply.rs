//! Every change to the node's files, as one trait: tests wrap it to fail or stop at the n-th call.

use crate::file::{FileState, Metadata};
use anyhow::Result;
use std::path::Path;

/// Changes to the node's files. Each is durable when the call returns.
pub trait Effects {
    /// Makes one directory with this mode and owner; its parent must exist. An existing directory stays unchanged.
    ///
    /// # Errors
    /// The directory cannot be made.
    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> Result<()>;

    /// Replaces or creates the file at `path` with these bytes, mode, owner and attributes by one atomic rename.
    ///
    /// # Errors
    /// The file cannot be written; nothing has changed at `path`.
    fn replace_file(&mut self, path: &Path, file: &FileState) -> Result<()>;

    /// Removes a file. A missing file is not an error.
    ///
    /// # Errors
    /// The file exists and cannot be removed.
    fn remove_file(&mut self, path: &Path) -> Result<()>;

    /// Removes a directory if it is empty. Returns whether it no longer exists.
    ///
    /// # Errors
    /// The directory is empty and cannot be removed.
    fn remove_empty_directory(&mut self, path: &Path) -> Result<bool>;

    /// Renames `from` to `to` within one directory, unless `to` exists: the kubelet sees complete files only, and no
    /// file is overwritten.
    ///
    /// # Errors
    /// The rename failed for a reason other than those in [`Moved`]; nothing has changed.
    fn move_file(&mut self, from: &Path, to: &Path) -> Result<Moved>;

    /// Exchanges two files of one directory atomically.
    ///
    /// # Errors
    /// A file is missing, or they cannot be exchanged; nothing has changed.
    fn exchange_files(&mut self, one: &Path, other: &Path) -> Result<()>;
}

/// The result of [`Effects::move_file`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The file was renamed.
    Done,
    /// The new name exists; nothing has changed.
    Occupied,
    /// The old name does not exist.
    Missing,
}
