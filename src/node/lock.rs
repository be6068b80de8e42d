//! One run at a time.

use super::Node;
use anyhow::{Context as _, Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process;

/// Holds the lock until it is dropped or the process ends, however it ends: flock(2) belongs to the open file.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another run holds it; its own words about itself (pid, since when).
    Held(String),
    /// The lock file cannot be used.
    Failed(Error),
}

impl Node {
    /// Takes the lock at `path`, whose directory is there, without waiting.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn lock(&self, path: &Path, since: &str) -> Result<Lock, LockError> {
        let mut file = self.open_lock(path).map_err(LockError::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a courtesy; an unreadable note changes nothing.
                let _ = file.read_to_string(&mut holder);
                return Err(LockError::Held(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(LockError::Failed(error.into())),
        }
        let note = || -> Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "pid {} since {since}", process::id())?;
            Ok(())
        };
        let mut note = note;
        note().map_err(LockError::Failed)?;
        Ok(Lock { _file: file })
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
