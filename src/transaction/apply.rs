//! The order of a change without a restart: journal, record, directories, support files, manifest, removals.

use super::steps::{forget, make_directories, put, remove_directories, restore_directories};
use super::{Journal, Phase};
use crate::file::Metadata;
use crate::generation::{self, Record, STATE_DIRECTORY};
use crate::node::Effects;
use anyhow::{Error, Result};
use std::path::Path;

/// How a change can fail.
#[derive(Debug)]
pub enum Failure {
    /// Everything is as before.
    Undone(Error),
    /// The rollback failed: the journal stays.
    Stuck {
        /// The first error.
        cause: Error,
        /// The error of the rollback.
        undoing: Error,
    },
}

/// Makes the directory of the lock and the records.
///
/// # Errors
/// The directory cannot be made: not root, a read-only file system, or no space.
pub fn prepare(effects: &mut dyn Effects) -> Result<()> {
    for path in Path::new(STATE_DIRECTORY).ancestors().collect::<Vec<_>>().into_iter().rev().skip(1) {
        let mode = if path == Path::new(STATE_DIRECTORY) { 0o700 } else { 0o755 };
        effects.make_directory(path, &Metadata::new(mode, None))?;
    }
    Ok(())
}

/// Makes the change that `record` describes.
///
/// # Errors
/// See [`Failure`].
pub fn apply(effects: &mut dyn Effects, record: &Record) -> Result<(), Failure> {
    change(effects, record).map_err(|cause| match undo(effects, record) {
        Ok(()) => Failure::Undone(cause),
        Err(undoing) => Failure::Stuck { cause, undoing },
    })
}

fn change(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    // The journal comes first: a record without a journal is a completed change.
    Journal::new(record.number, Phase::Files, record.time.clone()).write(effects)?;
    generation::save(effects, record)?;
    make_directories(effects, record)?;
    for file in record.changed_files() {
        put(effects, &file.path, file.after.as_ref())?;
    }
    finish(effects, record)
}

/// Completes a change once every file is as planned.
///
/// # Errors
/// A directory or the journal cannot be removed.
pub(super) fn finish(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    remove_directories(effects, record)?;
    Journal::remove(effects)
}

/// Restores everything, whatever the progress of the change; the file that was written last is restored first.
///
/// # Errors
/// Something cannot be restored; it can be tried again.
pub(super) fn undo(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    restore_directories(effects, record)?;
    for file in record.changed_files().rev() {
        put(effects, &file.path, file.before.as_ref())?;
    }
    forget(effects, record)?;
    Journal::remove(effects)
}
