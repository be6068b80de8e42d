//! What was appended to the audit log since a moment, also across rotations: how an event is found again.

use super::open_log::{length, open};
use crate::node::{EntryKind, Node};
use crate::rotation::{rotated_at, rotated_name};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// How much is read at a time. An event with bodies is some KiB.
const CHUNK: usize = 64 * 1024;

/// A moment in the life of a log: how far each of its files had been written.
///
/// A file is known by device and inode, because rotation renames it: lumberjack, which rotates for the API server,
/// renames `audit.log` to `audit-<UTC time>.log` in the same directory and makes a new `audit.log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogMark {
    path: PathBuf,
    /// By device and inode.
    lengths: BTreeMap<(u64, u64), u64>,
}

impl Node {
    /// Marks how far the log at `path` (the host's, not the container's) is written. There may be no such file yet, and
    /// no directory for it.
    ///
    /// # Errors
    /// The log or its directory cannot be looked at.
    pub fn mark_log(&self, path: &Path) -> Result<LogMark> {
        let mut mark = LogMark { path: path.to_path_buf(), lengths: BTreeMap::new() };
        for place in self.log_files(path)? {
            if let Some(found) = open(&place).with_context(|| looking_at(path))? {
                mark.lengths.insert(found.id, length(&found.file).with_context(|| looking_at(path))?);
            }
        }
        Ok(mark)
    }

    /// Whether `needle` stands in what was appended to the log since `mark`, in the file itself or in one that was
    /// rotated away since. The mark moves on with what was searched, so that it is cheap to ask again and again, for
    /// the same needle.
    ///
    /// Memory is bounded, whatever the log's size. A rotated file that was compressed already is not looked into:
    /// compressing takes longer than the time between two calls.
    ///
    /// # Errors
    /// The log is there and cannot be read, or is no regular file.
    pub fn find_in_log(&self, mark: &mut LogMark, needle: &str) -> Result<bool> {
        let path = mark.path.clone();
        // What is rotated away between this listing and the opening is found by the next call.
        for place in self.log_files(&path)? {
            let Some(found) = open(&place).with_context(|| looking_at(&path))? else { continue };
            let length = length(&found.file).with_context(|| looking_at(&path))?;
            // Shorter than it was: emptied in place, or a new file with the number of a removed one.
            let from = mark.lengths.get(&found.id).copied().filter(|from| *from <= length).unwrap_or(0);
            let searched = search(&found.file, from, needle.as_bytes())
                .with_context(|| format!("searching {}", place.display()))?;
            let Some(end) = searched else { return Ok(true) };
            mark.lengths.insert(found.id, end);
        }
        Ok(false)
    }

    /// The log and its rotated predecessors, but for compressed ones.
    fn log_files(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let place = self.locate_target(path)?;
        let log = path.file_name().unwrap_or_default().to_string_lossy();
        let is_plain =
            |name: &str| rotated_at(name, &log).is_some_and(|time| rotated_name(&log, time) == name);
        let mut places = vec![place];
        if let Some(directory) = path.parent() {
            for entry in self.list(directory)? {
                if entry.kind == EntryKind::File && is_plain(&entry.name) {
                    places.push(self.locate_target(&directory.join(&entry.name))?);
                }
            }
        }
        Ok(places)
    }
}

fn looking_at(path: &Path) -> String {
    format!("looking at the log {}", path.display())
}

/// Searches `file` from the offset `from` to its end. `None` where it was found, else the offset from which to search
/// the next time: so near the end that a needle of which only a part is written yet will be found.
fn search(mut file: &File, from: u64, needle: &[u8]) -> io::Result<Option<u64>> {
    let overlap = needle.len().saturating_sub(1);
    let mut position = file.seek(SeekFrom::Start(from))?;
    let mut window = Vec::with_capacity(CHUNK + overlap);
    loop {
        let read = file.take(CHUNK as u64).read_to_end(&mut window)?;
        if read == 0 {
            return Ok(Some(position.saturating_sub(window.len() as u64)));
        }
        position += read as u64;
        if window.windows(needle.len().max(1)).any(|part| part == needle) {
            return Ok(None);
        }
        window.drain(..window.len().saturating_sub(overlap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use tempfile::TempDir;

    const LOG: &str = "/var/log/audit/audit.log";
    const ID: &str = "3f0a1b52-6d3e-4a55-9d0b-5f3f6f1f2a77";

    struct Log {
        directory: TempDir,
    }

    impl Log {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            fs::DirBuilder::new().recursive(true).create(directory.path().join("var/log/audit")).unwrap();
            Self { directory }
        }

        fn node(&self) -> Node {
            Node::at(self.directory.path())
        }

        fn place(&self, name: &str) -> PathBuf {
            self.directory.path().join("var/log/audit").join(name)
        }

        fn append(&self, name: &str, text: &str) {
            let mut file = OpenOptions::new().create(true).append(true).open(self.place(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rotate(&self, to: &str) {
            fs::rename(self.place("audit.log"), self.place(to)).unwrap();
        }

        fn mark(&self) -> LogMark {
            self.node().mark_log(Path::new(LOG)).unwrap()
        }

        fn finds(&self, mark: &mut LogMark) -> bool {
            self.node().find_in_log(mark, ID).unwrap()
        }
    }

    #[test]
    fn only_what_came_after_the_mark_counts() {
        let log = Log::new();
        log.append("audit.log", &format!("{ID}\n"));
        log.append("audit-2026-11-21T03-14-15.000.log", &format!("{ID}\n"));
        let mut mark = log.mark();
        assert!(!log.finds(&mut mark));
        log.append("audit.log", "another\n");
        assert!(!log.finds(&mut mark));
        log.append("audit.log", &format!("{{\"auditID\":\"{ID}\"}}\n"));
        assert!(log.finds(&mut mark));
    }

    #[test]
    fn a_log_may_come_into_being_later() {
        let log = Log::new();
        let mut mark = log.mark();
        assert!(!log.finds(&mut mark));
        log.append("audit.log", ID);
        assert!(log.finds(&mut mark));

        let nowhere = Node::at(log.directory.path()).mark_log(Path::new("/not/there/audit.log")).unwrap();
        assert_eq!(nowhere.lengths.len(), 0);
    }

    #[test]
    fn a_needle_is_found_across_chunks_and_across_calls() {
        for before in [CHUNK - ID.len(), CHUNK - 20, CHUNK - 1, CHUNK, 3 * CHUNK - 7] {
            let log = Log::new();
            log.append("audit.log", "old\n");
            let mut mark = log.mark();
            log.append("audit.log", &"x".repeat(before));
            assert!(!log.finds(&mut mark), "{before}");
            let (head, tail) = ID.split_at(20);
            log.append("audit.log", head);
            assert!(!log.finds(&mut mark), "{before}");
            log.append("audit.log", tail);
            assert!(log.finds(&mut mark), "{before}");
        }
    }

    #[test]
    fn a_rotated_log_is_followed() {
        let log = Log::new();
        log.append("audit.log", &format!("{ID}\n"));
        let mut mark = log.mark();
        log.append("audit.log", "between\n");
        log.rotate("audit-2026-11-21T03-14-15.000.log");
        log.append("audit.log", "new\n");
        assert!(!log.finds(&mut mark), "it stood there before the mark");
        log.append("audit-2026-11-21T03-14-15.000.log", ID);
        assert!(log.finds(&mut mark), "written before the rotation, read after it");
    }

    #[test]
    fn two_rotations_hide_nothing() {
        let log = Log::new();
        log.append("audit.log", "old\n");
        let mut mark = log.mark();
        log.rotate("audit-2026-11-21T03-14-15.000.log");
        log.append("audit.log", ID);
        log.rotate("audit-2026-11-21T03-14-16.000.log");
        log.append("audit.log", "new\n");
        assert!(log.finds(&mut mark));
    }

    #[test]
    fn other_files_are_none_of_the_log() {
        let log = Log::new();
        let mut mark = log.mark();
        for name in ["auditor.log", "audit-2026.log.gz", "audit.log.bak", "audit", "audit-of-old.log"] {
            log.append(name, ID);
        }
        fs::DirBuilder::new().create(log.place("audit-2026-11-21T03-14-15.000.log")).unwrap();
        assert!(!log.finds(&mut mark));
    }

    #[test]
    fn a_log_emptied_in_place_is_read_from_its_beginning() {
        let log = Log::new();
        log.append("audit.log", &"old\n".repeat(100));
        let mut mark = log.mark();
        OpenOptions::new().write(true).open(log.place("audit.log")).unwrap().set_len(0).unwrap();
        log.append("audit.log", ID);
        assert!(log.finds(&mut mark));
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let log = Log::new();
        fs::DirBuilder::new().create(log.place("audit.log")).unwrap();
        let error = log.node().mark_log(Path::new(LOG)).unwrap_err();
        assert!(format!("{error:#}").ends_with("is not a regular file"), "{error:#}");
    }
}
