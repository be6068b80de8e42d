//! The recovery of an interrupted run.

use super::apply::{finish, undo};
use super::{Journal, Phase};
use crate::file::FileState;
use crate::generation::{self, Record};
use crate::node::{Effects, Node};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Records and support files are small; the manifest is at most as large as the kubelet accepts.
const READ_LIMIT: u64 = 64 << 20;

/// The result of comparing the journal with the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Every file is as planned: only the journal must be removed.
    Finish,
    /// The run was partly done: roll back.
    Undo,
    /// These files are neither as before nor as planned: another program or person changed them.
    Neither(Vec<PathBuf>),
}

/// The result of [`recover`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// There was no unfinished run.
    Nothing,
    /// The run had made all changes; its generation stays.
    Finished(u64),
    /// The changes of the run were rolled back.
    Undone(u64),
    /// Manual intervention is required: see [`Decision::Neither`].
    Stuck(Vec<PathBuf>),
}

/// Decides from the phase and the record of the unfinished run and the current files. Contents count, modes do not: a
/// stricter mode does not change what the API server reads.
#[must_use]
pub fn decide(phase: Phase, record: &Record, current: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Decision {
    let bytes = |state: &Option<FileState>| state.as_ref().map(|state| state.bytes.clone());
    let mut foreign = Vec::new();
    let mut finished = true;
    for file in record.changed_files() {
        let now = current.get(&file.path).cloned().flatten();
        let is_after = now == bytes(&file.after);
        // A restart moves the manifest away for a while: this is not an edit.
        let is_out = phase != Phase::Files && now.is_none();
        if !is_after && !is_out && now != bytes(&file.before) {
            foreign.push(file.path.clone());
        }
        finished &= is_after;
    }
    if !foreign.is_empty() {
        Decision::Neither(foreign)
    } else if finished {
        Decision::Finish
    } else {
        Decision::Undo
    }
}

/// Completes or rolls back an unfinished run by its files alone; the caller holds the lock. An unfinished restart of a
/// live node needs a running kubelet: see [`crate::restart::Unfinished`].
///
/// # Errors
/// The journal cannot be read, or something cannot be restored; the journal stays, and recovery can be repeated.
pub fn recover(node: &Node, effects: &mut dyn Effects) -> Result<Recovered> {
    let Some(Journal { generation, phase, .. }) = Journal::read(node)? else { return Ok(Recovered::Nothing) };
    let history = generation::load(node)?;
    let Some(record) = history.record(generation) else {
        // The run ended before its record was complete, so nothing else was changed, or at the very end of its
        // rollback.
        Journal::remove(effects)?;
        return Ok(Recovered::Undone(generation));
    };
    let mut current = BTreeMap::new();
    for file in &record.files {
        let state = node.read_file(&file.path, READ_LIMIT)?;
        current.insert(file.path.clone(), state.map(|state| state.bytes));
    }
    match decide(phase, record, &current) {
        Decision::Finish => {
            finish(effects, record)?;
            Ok(Recovered::Finished(generation))
        }
        Decision::Undo => {
            undo(effects, record).with_context(|| format!("rolling back generation {generation}"))?;
            Ok(Recovered::Undone(generation))
        }
        Decision::Neither(paths) => Ok(Recovered::Stuck(paths)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Metadata;
    use crate::generation::{Owned, RecordedFile};

    #[test]
    fn recorded_only_files_do_not_affect_the_decision() {
        let state = |text: &str| FileState { bytes: text.into(), metadata: Metadata::new(0o600, None) };
        let file = |path: &str, before, after| RecordedFile {
            path: PathBuf::from(path),
            before: Some(state(before)),
            after: Some(state(after)),
        };
        let record = Record {
            number: 1,
            time: String::new(),
            command: "restart".to_owned(),
            files: vec![file("/policy", "edited", "edited"), file("/manifest", "1", "2")],
            made: Vec::new(),
            removed: Vec::new(),
            owned: Owned::default(),
        };
        let decide_with = |policy: &str, manifest: &str| {
            let current = [("/policy", policy), ("/manifest", manifest)];
            let bytes = |(path, text): (&str, &str)| (PathBuf::from(path), Some(text.into()));
            decide(Phase::Files, &record, &current.map(bytes).into_iter().collect())
        };
        assert_eq!(decide_with("edited", "2"), Decision::Finish);
        assert_eq!(decide_with("edited again", "2"), Decision::Finish);
        assert_eq!(decide_with("edited again", "1"), Decision::Undo);
        assert_eq!(decide_with("edited", "3"), Decision::Neither(vec![PathBuf::from("/manifest")]));
    }
}
