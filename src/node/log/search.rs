//! Finding one event in what is appended to a log.

use super::follow::{Follower, Step};
use super::log_file::LogFile;
use anyhow::{Context as _, Result};
use std::io::{self, Read};

/// How much is read at a time. An event with bodies is some KiB.
const CHUNK: usize = 64 * 1024;

impl Follower {
    /// Whether `needle` occurs in the lines that were appended since the last call, including lines in files that were
    /// rotated since. Memory is bounded, whatever the size of the log.
    ///
    /// # Errors
    /// The log exists and cannot be read, or is not a regular file.
    pub fn finds(&mut self, needle: &str) -> Result<bool> {
        while let Some(step) = self.step()? {
            if let Step::Lines { log, .. } = step
                && contains(log, needle.as_bytes())?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn contains(log: LogFile, needle: &[u8]) -> Result<bool> {
    let searching = format!("searching {}", log.name);
    search(log.into_reader(), needle).context(searching)
}

fn search(mut source: impl Read, needle: &[u8]) -> io::Result<bool> {
    let overlap = needle.len().saturating_sub(1);
    let mut window = Vec::with_capacity(CHUNK + overlap);
    loop {
        if source.by_ref().take(CHUNK as u64).read_to_end(&mut window)? == 0 {
            return Ok(false);
        }
        if memchr::memmem::find(&window, needle).is_some() {
            return Ok(true);
        }
        window.drain(..window.len().saturating_sub(overlap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
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

        fn follow(&self) -> Follower {
            self.node().open_log(Path::new(LOG), true).unwrap().0
        }
    }

    #[test]
    fn only_lines_appended_later_are_searched() {
        let log = Log::new();
        log.append("audit.log", &format!("{ID}\n"));
        log.append("audit-2026-11-21T03-14-15.000.log", &format!("{ID}\n"));
        let mut follower = log.follow();
        assert!(!follower.finds(ID).unwrap());
        log.append("audit.log", "another\n");
        assert!(!follower.finds(ID).unwrap());
        log.append("audit.log", &format!("{{\"auditID\":\"{ID}\"}}\n"));
        assert!(follower.finds(ID).unwrap());
    }

    #[test]
    fn a_log_may_be_created_later() {
        let log = Log::new();
        let mut follower = log.follow();
        assert!(!follower.finds(ID).unwrap());
        log.append("audit.log", &format!("{ID}\n"));
        assert!(follower.finds(ID).unwrap());

        let (mut nowhere, _) = log.node().open_log(Path::new("/not/there/audit.log"), true).unwrap();
        assert!(!nowhere.finds(ID).unwrap());
    }

    #[test]
    fn a_needle_is_found_across_chunks_and_across_calls() {
        for before in [CHUNK - ID.len(), CHUNK - 20, CHUNK - 1, CHUNK, 3 * CHUNK - 7] {
            let log = Log::new();
            log.append("audit.log", "old\n");
            let mut follower = log.follow();
            log.append("audit.log", &"x".repeat(before));
            assert!(!follower.finds(ID).unwrap(), "{before}");
            let (head, tail) = ID.split_at(20);
            log.append("audit.log", head);
            assert!(!follower.finds(ID).unwrap(), "{before}");
            log.append("audit.log", &format!("{tail}\n"));
            assert!(follower.finds(ID).unwrap(), "{before}");
        }
    }

    #[test]
    fn a_rotated_log_is_followed() {
        let log = Log::new();
        log.append("audit.log", &format!("{ID}\n"));
        let mut follower = log.follow();
        log.append("audit.log", "between\n");
        log.rotate("audit-2026-11-21T03-14-15.000.log");
        assert!(!follower.finds(ID).unwrap(), "it was there before");
        log.append("audit-2026-11-21T03-14-15.000.log", &format!("{ID}\n"));
        log.append("audit.log", "new\n");
        assert!(follower.finds(ID).unwrap(), "written before the new file, read after it");
    }

    #[test]
    fn two_rotations_hide_nothing() {
        let log = Log::new();
        log.append("audit.log", "old\n");
        let mut follower = log.follow();
        log.rotate("audit-2026-11-21T03-14-15.000.log");
        log.append("audit.log", &format!("{ID}\n"));
        log.rotate("audit-2026-11-21T03-14-16.000.log");
        log.append("audit.log", "new\n");
        assert!(follower.finds(ID).unwrap());
    }

    #[test]
    fn other_files_are_none_of_the_log() {
        let log = Log::new();
        let mut follower = log.follow();
        for name in ["auditor.log", "audit-2026.log.gz", "audit.log.bak", "audit", "audit-of-old.log"] {
            log.append(name, &format!("{ID}\n"));
        }
        fs::DirBuilder::new().create(log.place("audit-2026-11-21T03-14-15.000.log")).unwrap();
        assert!(!follower.finds(ID).unwrap());
    }

    #[test]
    fn a_log_emptied_in_place_is_read_from_its_beginning() {
        let log = Log::new();
        log.append("audit.log", &"old\n".repeat(100));
        let mut follower = log.follow();
        OpenOptions::new().write(true).open(log.place("audit.log")).unwrap().set_len(0).unwrap();
        log.append("audit.log", &format!("{ID}\n"));
        assert!(follower.finds(ID).unwrap());
    }

    #[test]
    fn a_directory_is_an_error() {
        let log = Log::new();
        fs::DirBuilder::new().create(log.place("audit.log")).unwrap();
        let error = log.node().open_log(Path::new(LOG), true).unwrap_err();
        assert!(format!("{error:#}").ends_with("is not a regular file"), "{error:#}");
    }
}
