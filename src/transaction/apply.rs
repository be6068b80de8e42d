//! The order of a change: journal, record, directories, support files, manifest, removals.

use super::{JOURNAL_PATH, Journal};
use crate::generation::{self, Record, RecordedDirectory, RecordedFile, STATE_DIRECTORY};
use crate::node::{Effects, FileState, Metadata};
use crate::plan::Plan;
use anyhow::{Error, Result};
use std::path::{Path, PathBuf};

/// How applying a plan can fail.
#[derive(Debug)]
pub enum Failure {
    /// Everything is as before.
    Undone(Error),
    /// Something could not be put back: the journal stays.
    Stuck {
        /// What failed first.
        cause: Error,
        /// What kept it from being undone.
        undoing: Error,
    },
}

/// Makes the directory that the lock and the records lie in.
///
/// # Errors
/// It cannot be made: not root, a read-only file system, no space.
pub fn prepare(effects: &mut dyn Effects) -> Result<()> {
    for path in Path::new(STATE_DIRECTORY).ancestors().collect::<Vec<_>>().into_iter().rev().skip(1) {
        let mode = if path == Path::new(STATE_DIRECTORY) { 0o700 } else { 0o755 };
        effects.make_directory(path, &Metadata::new(mode, None))?;
    }
    Ok(())
}

/// Applies a plan as generation `number`.
///
/// # Errors
/// See [`Failure`].
pub fn apply(
    effects: &mut dyn Effects,
    plan: &Plan,
    number: u64,
    command: &str,
    time: String,
) -> Result<Record, Failure> {
    let files = plan
        .changed_files()
        .map(|file| RecordedFile {
            path: file.path.clone(),
            before: file.before.clone(),
            after: file.after.clone(),
        })
        .collect();
    let record = Record {
        number,
        time,
        command: command.to_owned(),
        files,
        made: plan.directories.iter().map(recorded).collect(),
        removed: plan.directories_to_remove.iter().map(recorded).collect(),
        owned: plan.owned.clone(),
    };
    match change(effects, &record) {
        Ok(()) => Ok(record),
        Err(cause) => match undo(effects, &record) {
            Ok(()) => Err(Failure::Undone(cause)),
            Err(undoing) => Err(Failure::Stuck { cause, undoing }),
        },
    }
}

fn recorded((path, metadata): &(PathBuf, Metadata)) -> RecordedDirectory {
    RecordedDirectory { path: path.clone(), metadata: metadata.clone() }
}

fn change(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    // The journal comes before the record: a record without a journal is a change that was made.
    let journal = generation::own_file(Journal::of(record.number).encode()?);
    effects.replace_file(Path::new(JOURNAL_PATH), &journal)?;
    generation::save(effects, record)?;
    for directory in &record.made {
        effects.make_directory(&directory.path, &directory.metadata)?;
    }
    for file in &record.files {
        put(effects, &file.path, file.after.as_ref())?;
    }
    finish(effects, record)
}

/// What is left to do once every file is as planned.
///
/// # Errors
/// A directory or the journal cannot be removed.
pub(super) fn finish(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    for directory in &record.removed {
        effects.remove_empty_directory(&directory.path)?;
    }
    effects.remove_file(Path::new(JOURNAL_PATH))
}

/// Puts everything back, however far the change got; the last file that was written is the first to go back.
///
/// # Errors
/// Something cannot be put back; it can be tried again.
pub(super) fn undo(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    for directory in record.removed.iter().rev() {
        effects.make_directory(&directory.path, &directory.metadata)?;
    }
    for file in record.files.iter().rev() {
        put(effects, &file.path, file.before.as_ref())?;
    }
    for directory in record.made.iter().rev() {
        effects.remove_empty_directory(&directory.path)?;
    }
    generation::remove(effects, record)?;
    effects.remove_file(Path::new(JOURNAL_PATH))
}

/// Makes `path` hold this state.
fn put(effects: &mut dyn Effects, path: &Path, state: Option<&FileState>) -> Result<()> {
    match state {
        Some(state) => effects.replace_file(path, state),
        None => effects.remove_file(path),
    }
}
