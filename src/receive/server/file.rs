//! The event file: appended to, rotated, locked.

use crate::rotation::{format_time, rotated_at, rotated_name};
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// How many names are tried for a rotated file: two rotations within one millisecond would get the same name.
const MOST_NAMES: i64 = 1000;

/// The event file.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    keep: usize,
    header: Vec<u8>,
    file: File,
    /// Its length; all of it is complete events.
    length: u64,
}

impl EventFile {
    /// Opens the file, or creates it with mode 0600 and `header`. An incomplete last line, for example after a power
    /// loss, is kept and terminated.
    ///
    /// # Errors
    /// The file cannot be opened, is not a regular file, or is locked by another receiver.
    pub(super) fn open(path: &Path, keep: usize, header: Vec<u8>) -> Result<Self> {
        let (file, length) = open(path, &header)?;
        Ok(Self { path: path.to_path_buf(), keep, header, file, length })
    }

    /// Whether `more` bytes would make the file larger than `most`; 0 means no limit. A file without events accepts
    /// any size.
    pub(super) fn is_full(&self, more: usize, most: u64) -> bool {
        let is_empty = self.length <= self.header.len() as u64;
        most > 0 && !is_empty && self.length.saturating_add(more as u64) > most
    }

    /// Appends all of `bytes`, or nothing.
    ///
    /// # Errors
    /// [`WriteError::Recoverable`]: nothing was written, and a later attempt may succeed. [`WriteError::Fatal`]: a
    /// part may have been written.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.length = self.length.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(error) => Err(self.take_back(self.length, self.failed("writing", &error))),
        }
    }

    /// Truncates the file to `length`, its length before a failed operation.
    pub(super) fn take_back(&mut self, length: u64, why: anyhow::Error) -> WriteError {
        match self.file.set_len(length) {
            Ok(()) => {
                self.length = length;
                WriteError::Recoverable(why)
            }
            Err(error) => WriteError::Fatal(why.context(self.failed("truncating", &error))),
        }
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Syncs the file to disk.
    ///
    /// # Errors
    /// The sync failed. It is then unknown what is on disk (fsync(2)).
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.failed("syncing", &error))
    }

    /// Renames the file as the API server does with its log, creates a new one, and removes the oldest.
    ///
    /// # Errors
    /// The file cannot be renamed and stays in use, or the new one cannot be created.
    pub(super) fn rotate(&mut self, now: Timestamp) -> Result<(), WriteError> {
        let rotated = self.rename(now).map_err(WriteError::Recoverable)?;
        match open(&self.path, &self.header) {
            Ok((file, length)) => (self.file, self.length) = (file, length),
            Err(error) => {
                // The open handle refers to the renamed file: with its name restored, everything is as before.
                return Err(match fs::rename(&rotated, &self.path) {
                    Ok(()) => WriteError::Recoverable(error),
                    Err(_) => WriteError::Fatal(error),
                });
            }
        }
        self.remove_oldest().map_err(WriteError::Recoverable)
    }

    /// Opens the path again after another program renamed the file.
    ///
    /// # Errors
    /// The path cannot be opened; the current file stays in use.
    pub(super) fn reopen(&mut self) -> Result<()> {
        let (there, mine) = (fs::metadata(&self.path), self.file.metadata());
        if let (Ok(there), Ok(mine)) = (there, mine)
            && (there.dev(), there.ino()) == (mine.dev(), mine.ino())
        {
            return Ok(());
        }
        (self.file, self.length) = open(&self.path, &self.header)?;
        Ok(())
    }

    fn rename(&self, now: Timestamp) -> Result<PathBuf> {
        let name = self.name();
        for later in 0..MOST_NAMES {
            let time = now.saturating_add(jiff::SignedDuration::from_millis(later)).unwrap_or(now);
            let rotated = self.path.with_file_name(rotated_name(&name, &format_time(time)));
            match renameat_with(CWD, &self.path, CWD, &rotated, RenameFlags::NOREPLACE) {
                Ok(()) => return Ok(rotated),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(self.failed("rotating", &error.into())),
            }
        }
        bail!("rotating {}: all names for the rotated file are in use", self.path.display())
    }

    fn remove_oldest(&self) -> Result<()> {
        if self.keep == 0 {
            return Ok(());
        }
        let (name, directory) = (self.name(), directory_of(&self.path));
        let mut rotated = Vec::new();
        for entry in
            fs::read_dir(&directory).map_err(|error| self.failed("listing the directory of", &error))?
        {
            let entry = entry.map_err(|error| self.failed("listing the directory of", &error))?;
            let entry = entry.file_name().to_string_lossy().into_owned();
            if rotated_at(&entry, &name).is_some() {
                rotated.push(entry);
            }
        }
        // The names sort by time.
        rotated.sort();
        let surplus = rotated.len().saturating_sub(self.keep);
        for name in rotated.into_iter().take(surplus) {
            fs::remove_file(directory.join(&name)).with_context(|| format!("removing {name}"))?;
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn failed(&self, what: &str, error: &io::Error) -> anyhow::Error {
        anyhow!("{what} {}: {error}", self.path.display())
    }
}

/// A failed write, and whether the output is still usable.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The output is as it was before.
    Recoverable(anyhow::Error),
    /// The content of the output is unknown, or nothing reads it.
    Fatal(anyhow::Error),
}

fn open(path: &Path, header: &[u8]) -> Result<(File, u64)> {
    let open = || OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    let mut file = open().with_context(|| format!("opening {}", path.display()))?;
    let metadata = file.metadata().with_context(|| format!("opening {}", path.display()))?;
    if !metadata.is_file() {
        bail!("{} is not a regular file and cannot be rotated", path.display());
    }
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("{} is locked by another process", path.display());
    }
    let prepare = |file: &mut File| -> io::Result<u64> {
        match file.metadata()?.len() {
            0 => file.write_all(header)?,
            length => {
                let mut last = [0];
                file.seek(SeekFrom::Start(length.saturating_sub(1)))?;
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
        }
        // A new file is durable only after its directory is synced (fsync(2)).
        File::open(directory_of(path))?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    let length = prepare(&mut file).with_context(|| format!("preparing {}", path.display()))?;
    Ok((file, length))
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
