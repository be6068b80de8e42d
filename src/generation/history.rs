//! Queries over all records of a node.

use super::{Owned, Record};
use crate::file::{FileState, Metadata};
use crate::manifest::DIGEST_ANNOTATION;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// All records of a node, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    records: Vec<Record>,
}

impl History {
    /// The history of these records, oldest first.
    #[must_use]
    pub fn of(records: Vec<Record>) -> Self {
        Self { records }
    }

    /// The records, oldest first.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record of generation `number`.
    #[must_use]
    pub fn record(&self, number: u64) -> Option<&Record> {
        self.records.iter().find(|record| record.number == number)
    }

    /// The number of the newest generation; 0 if there is none.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.records.last().map_or(0, |record| record.number)
    }

    /// What kaudit owns on this node by the newest record.
    #[must_use]
    pub fn owned(&self) -> Owned {
        self.records.last().map(|record| record.owned.clone()).unwrap_or_default()
    }

    /// What kaudit owned in generation `number`.
    #[must_use]
    pub fn owned_at(&self, number: u64) -> Owned {
        self.record(number).map(|record| record.owned.clone()).unwrap_or_default()
    }

    /// The content that kaudit left at `path`: `None` if it never changed the path, `Some(None)` if it removed the
    /// file.
    #[must_use]
    pub fn last_written(&self, path: &Path) -> Option<Option<&FileState>> {
        let mut newest = self.records.iter().rev();
        newest.find_map(|record| record.file(path)).map(|file| file.after.as_ref())
    }

    /// Whether the content of `path` was changed since kaudit last wrote it. A path that kaudit never changed counts
    /// as unchanged.
    #[must_use]
    pub fn was_edited(&self, path: &Path, current: Option<&FileState>) -> bool {
        let bytes = |state: Option<&FileState>| state.map(|state| state.bytes.clone());
        self.last_written(path).is_some_and(|written| bytes(written) != bytes(current))
    }

    /// The manifest before kaudit first changed it, if every change since then was made by kaudit.
    ///
    /// The search goes back from `current` while each record's result is the start of the next one, to the record that
    /// added kaudit's annotation to the manifest.
    #[must_use]
    pub fn untouched_base(&self, manifest: &Path, current: &FileState) -> Option<&FileState> {
        let mut expected = &current.bytes;
        for file in self.records.iter().rev().filter_map(|record| record.file(manifest)) {
            let (Some(before), Some(after)) = (&file.before, &file.after) else { return None };
            if after.bytes != *expected {
                return None;
            }
            if !carries_mark(before) {
                return Some(before);
            }
            expected = &before.bytes;
        }
        None
    }

    /// The state of `path` before kaudit's annotation was last added to the manifest. `None` if no record since then
    /// has the path.
    #[must_use]
    pub fn before_tenure(&self, manifest: &Path, path: &Path) -> Option<Option<&FileState>> {
        let begins = |record: &Record| {
            record.file(manifest).is_some_and(|file| {
                !file.before.as_ref().is_some_and(carries_mark)
                    && file.after.as_ref().is_some_and(carries_mark)
            })
        };
        let start = self.records.iter().rposition(begins)?;
        let tenure = self.records.iter().skip(start);
        tenure.filter_map(|record| record.file(path)).map(|file| file.before.as_ref()).next()
    }

    /// Every path in any record.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<PathBuf> {
        self.records.iter().flat_map(|record| &record.files).map(|file| file.path.clone()).collect()
    }

    /// Every directory that kaudit created, parents first, with its last metadata.
    #[must_use]
    pub fn made_directories(&self) -> BTreeMap<PathBuf, Metadata> {
        let made = self.records.iter().flat_map(|record| &record.made);
        made.map(|directory| (directory.path.clone(), directory.metadata.clone())).collect()
    }

    /// The content of `path` in generation `number`: the result of the newest record up to it, or else the previous
    /// content in the first record after it.
    #[must_use]
    pub fn state_at(&self, number: u64, path: &Path) -> Option<&FileState> {
        let mut up_to = self.records.iter().rev().filter(|record| record.number <= number);
        if let Some(file) = up_to.find_map(|record| record.file(path)) {
            return file.after.as_ref();
        }
        let mut later = self.records.iter().filter(|record| record.number > number);
        later.find_map(|record| record.file(path))?.before.as_ref()
    }
}

/// Whether the manifest has kaudit's annotation.
fn carries_mark(manifest: &FileState) -> bool {
    let mark = DIGEST_ANNOTATION.as_bytes();
    manifest.bytes.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::RecordedFile;

    fn state(text: &str) -> FileState {
        FileState { bytes: text.as_bytes().to_vec(), metadata: Metadata::new(0o600, None) }
    }

    fn record(number: u64, files: &[(&str, Option<&str>, Option<&str>)]) -> Record {
        let files = files
            .iter()
            .map(|(path, before, after)| RecordedFile {
                path: PathBuf::from(path),
                before: before.map(state),
                after: after.map(state),
            })
            .collect();
        let (time, command) = (String::new(), String::new());
        Record {
            number,
            time,
            command,
            files,
            made: Vec::new(),
            removed: Vec::new(),
            owned: Owned::default(),
        }
    }

    const MARKED: &str = "kaudit.dev/config-sha256: 1";
    const MARKED_AGAIN: &str = "kaudit.dev/config-sha256: 2";

    fn two_runs() -> History {
        History::of(vec![
            record(1, &[("/p", None, Some("policy 1")), ("/m", Some("before"), Some(MARKED))]),
            record(
                2,
                &[("/p", Some("policy 1"), Some("policy 2")), ("/m", Some(MARKED), Some(MARKED_AGAIN))],
            ),
        ])
    }

    #[test]
    fn the_base_is_found_through_an_unbroken_chain_only() {
        let history = two_runs();
        let manifest = Path::new("/m");
        assert_eq!(history.untouched_base(manifest, &state(MARKED_AGAIN)), Some(&state("before")));
        assert_eq!(history.untouched_base(manifest, &state("edited kaudit.dev/config-sha256")), None);
        let broken = History::of(vec![
            record(1, &[("/m", Some("before"), Some(MARKED))]),
            record(2, &[("/m", Some("edited kaudit.dev/config-sha256: 1"), Some(MARKED_AGAIN))]),
        ]);
        assert_eq!(broken.untouched_base(manifest, &state(MARKED_AGAIN)), None);
    }

    #[test]
    fn each_generation_knows_every_file() {
        let history = two_runs();
        let at = |number, path: &str| history.state_at(number, Path::new(path)).map(|s| s.bytes.clone());
        assert_eq!(at(0, "/m"), Some(b"before".to_vec()));
        assert_eq!(at(0, "/p"), None);
        assert_eq!(at(1, "/p"), Some(b"policy 1".to_vec()));
        assert_eq!(at(2, "/p"), Some(b"policy 2".to_vec()));
        assert_eq!(at(1, "/unknown"), None);
    }

    #[test]
    fn a_second_tenure_does_not_reach_back_into_the_first() {
        let mut records = two_runs().records;
        records
            .push(record(3, &[("/p", Some("policy 2"), None), ("/m", Some(MARKED_AGAIN), Some("before"))]));
        records.push(record(
            4,
            &[("/p", Some("mine"), Some("policy 1")), ("/m", Some("upgraded"), Some(MARKED))],
        ));
        let history = History::of(records);
        let manifest = Path::new("/m");
        assert_eq!(history.untouched_base(manifest, &state(MARKED)), Some(&state("upgraded")));
        assert_eq!(history.before_tenure(manifest, Path::new("/p")), Some(Some(&state("mine"))));
        assert!(history.was_edited(manifest, Some(&state("x"))));
        assert!(!history.was_edited(manifest, Some(&state(MARKED))));
        assert!(!history.was_edited(Path::new("/other"), None));
    }
}
