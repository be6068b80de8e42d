//! The lock that allows one run at a time.

use super::read::if_exists;
use crate::node::Node;
use anyhow::{Context as _, Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process;

/// Holds the lock until it is dropped or the process ends: flock(2) belongs to the open file.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not acquired.
#[derive(Debug)]
pub enum LockError {
    /// Another run holds it; its description (pid, start time).
    Held(String),
    /// The lock file cannot be used.
    Failed(Error),
}

impl Node {
    /// Acquires the lock at `path` without waiting; the directory must exist.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn lock(&self, path: &Path, since: &str) -> Result<Lock, LockError> {
        let mut file = self.open_lock(path).map_err(LockError::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The description is only informative.
                let _ = file.read_to_string(&mut holder);
                return Err(LockError::Held(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(LockError::Failed(error.into())),
        }
        let mut note = || -> Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "pid {} since {since}", process::id())?;
            Ok(())
        };
        note().with_context(|| format!("writing the lock {}", path.display())).map_err(LockError::Failed)?;
        Ok(Lock { _file: file })
    }

    /// The description of the run that holds the lock at `path`; `None` if it is free. This reads the kernel's list of
    /// locks instead of trying the lock, so that a concurrent run never finds it taken by this check.
    ///
    /// # Errors
    /// The list or the lock file exists and cannot be read.
    pub fn lock_holder(&self, path: &Path) -> Result<Option<String>> {
        let list =
            if_exists(fs::read_to_string(self.root.join("proc/locks"))).context("reading /proc/locks")?;
        let Some(list) = list else { return Ok(None) };
        let place = self.locate(path)?;
        let look = || -> io::Result<Option<String>> {
            let note = fs::read_to_string(&place)?;
            Ok(is_locked(&list, fs::metadata(&place)?.ino(), &note).then_some(note))
        };
        let holder = if_exists(look()).with_context(|| format!("reading the lock {}", path.display()))?;
        Ok(holder.flatten().map(|holder| holder.trim().to_owned()))
    }

    fn open_lock(&self, path: &Path) -> Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.locate(path)?)
            .with_context(|| format!("opening the lock {}", path.display()))
    }
}

/// Whether the process that wrote `note` holds a flock(2) on the file with this inode number, by `/proc/locks`: `1:
/// FLOCK ADVISORY WRITE 812 08:01:131 0 EOF`. Devices are not compared, because some file systems show a different
/// device there than in stat(2); the process id is. A process that waits for a lock has `->` before the kind.
fn is_locked(list: &str, inode: u64, note: &str) -> bool {
    let Some(pid) = note.strip_prefix("pid ").and_then(|rest| rest.split(' ').next()) else { return false };
    let inode = inode.to_string();
    list.lines().any(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        matches!(fields.as_slice(), [_, "FLOCK", _, _, holder, file, ..]
            if *holder == pid && file.rsplit(':').next() == Some(&inode))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_lists_lock_holders() {
        let list = "1: POSIX  ADVISORY  READ 90 08:01:130 128 128\n2: FLOCK  ADVISORY  WRITE 812 08:01:131 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 813 08:01:132 0 EOF\n";
        for (inode, note, expected) in [
            (131, "pid 812 since 2026-11-21T03:14:15Z", true),
            (131, "pid 81 since 2026-11-21T03:14:15Z", false),
            (131, "", false),
            (130, "pid 90 since 2026-11-21T03:14:15Z", false),
            (132, "pid 813 since 2026-11-21T03:14:15Z", false),
            (1131, "pid 812 since 2026-11-21T03:14:15Z", false),
        ] {
            assert_eq!(is_locked(list, inode, note), expected, "{inode} {note}");
        }
        assert!(!is_locked("", 131, "pid 812 since 2026-11-21T03:14:15Z"));
    }

    #[test]
    fn a_holder_is_reported_until_it_releases_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let node = Node::at("/");
        assert_eq!(node.lock_holder(&path).unwrap(), None);
        let lock = node.lock(&path, "2026-11-21T03:14:15Z").unwrap();
        let expected = format!("pid {} since 2026-11-21T03:14:15Z", process::id());
        assert_eq!(node.lock_holder(&path).unwrap(), Some(expected));
        drop(lock);
        assert_eq!(node.lock_holder(&path).unwrap(), None);
    }
}
