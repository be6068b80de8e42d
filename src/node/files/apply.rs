//! Every change to the node, as one trait: tests put a wrapper around it that fails or dies at the n-th call.

use crate::file::{FileState, Metadata};
use anyhow::Result;
use std::path::Path;

/// The effects that kaudit has on a node's files. Each is durable when it returns.
pub trait Effects {
    /// Makes one directory with this mode and owner; its parent is there. A directory that is there stays as
    /// it is.
    ///
    /// # Errors
    /// It cannot be made.
    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> Result<()>;

    /// Puts a file with these bytes, mode, owner and attributes at `path` by one atomic rename, whatever was
    /// there before.
    ///
    /// # Errors
    /// Nothing is changed at `path` when it cannot be done.
    fn replace_file(&mut self, path: &Path, file: &FileState) -> Result<()>;

    /// Takes a file away; that it is gone already is no error.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    fn remove_file(&mut self, path: &Path) -> Result<()>;

    /// Takes a directory away if it is empty, and says whether it is gone.
    ///
    /// # Errors
    /// It is empty and cannot be removed.
    fn remove_empty_directory(&mut self, path: &Path) -> Result<bool>;

    /// Renames `from` to `to` within one directory, and only if nothing is at `to`: the kubelet sees the whole file
    /// come or go at once, and no file of anybody's is replaced.
    ///
    /// # Errors
    /// It cannot be renamed for another reason than the two that [`Moved`] names; nothing has changed then.
    fn move_file(&mut self, from: &Path, to: &Path) -> Result<Moved>;

    /// Swaps two files of one directory at once: nobody sees either name without a file, and both files stay.
    ///
    /// # Errors
    /// One of them is not there, or they cannot be swapped; nothing has changed then.
    fn exchange_files(&mut self, one: &Path, other: &Path) -> Result<()>;
}

/// What came of [`Effects::move_file`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It was renamed.
    Done,
    /// Something is at the new name already; nothing has changed.
    Occupied,
    /// There is nothing at the old name.
    Missing,
}
