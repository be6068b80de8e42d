//! Every change to the node, as one trait: tests put a wrapper around it that fails or dies at the n-th call.

use super::{FileState, Metadata};
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
}
