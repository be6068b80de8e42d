//! The steps of a change. Each can be repeated: what is already done is not an error.

use crate::file::{FileState, Metadata};
use crate::generation::{self, Record, RecordedDirectory, RecordedFile};
use crate::node::Effects;
use crate::plan::Plan;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The record of a plan as generation `number`.
#[must_use]
pub fn record_of(plan: &Plan, number: u64, command: &str, time: String) -> Record {
    let adopted = plan.adopted.iter().map(|(path, state)| RecordedFile {
        path: path.clone(),
        before: Some(state.clone()),
        after: Some(state.clone()),
    });
    let changed = plan.changed_files().map(|file| RecordedFile {
        path: file.path.clone(),
        before: file.before.clone(),
        after: file.after.clone(),
    });
    // Files that the API server reads come before its manifest.
    let files = adopted.chain(changed).collect();
    Record {
        number,
        time,
        command: command.to_owned(),
        files,
        made: plan.directories.iter().map(recorded).collect(),
        removed: plan.directories_to_remove.iter().map(recorded).collect(),
        owned: plan.owned.clone(),
    }
}

fn recorded((path, metadata): &(PathBuf, Metadata)) -> RecordedDirectory {
    RecordedDirectory { path: path.clone(), metadata: metadata.clone() }
}

/// Makes the directories of a record.
pub(crate) fn make_directories(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    record.made.iter().try_for_each(|directory| effects.make_directory(&directory.path, &directory.metadata))
}

/// Restores the state of `path`.
pub(crate) fn put(effects: &mut dyn Effects, path: &Path, state: Option<&FileState>) -> Result<()> {
    match state {
        Some(state) => effects.replace_file(path, state),
        None => effects.remove_file(path),
    }
}

/// Completes a change once every file is as planned, except for the journal.
pub(crate) fn remove_directories(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    for directory in &record.removed {
        effects.remove_empty_directory(&directory.path)?;
    }
    Ok(())
}

/// Restores directories that the change removed, before files below them are restored.
pub(crate) fn restore_directories(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    for directory in record.removed.iter().rev() {
        effects.make_directory(&directory.path, &directory.metadata)?;
    }
    Ok(())
}

/// Removes what only the change needed, and its record, once every file is as before.
pub(crate) fn forget(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    for directory in record.made.iter().rev() {
        effects.remove_empty_directory(&directory.path)?;
    }
    generation::remove(effects, record)
}
