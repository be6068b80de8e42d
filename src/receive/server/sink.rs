//! The output of the writer: standard output or a file.

use super::file::{EventFile, WriteError};
use super::options::{EventOutput, SyncPolicy};
use crate::node::moment;
use anyhow::{Result, anyhow};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

/// The output.
pub(super) enum Sink {
    /// Standard output.
    Standard(OwnedFd),
    /// A file, and the size at which it is rotated.
    File(EventFile, u64),
}

/// The position before a group of batches.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl Sink {
    /// Opens the output.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(super) fn open(output: &EventOutput, header: Vec<u8>) -> Result<Self> {
        match output {
            EventOutput::Standard => {
                let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
                let mut sink = Self::Standard(descriptor);
                match sink.write(&header) {
                    Ok(()) => Ok(sink),
                    Err(WriteError::Recoverable(error) | WriteError::Fatal(error)) => Err(error),
                }
            }
            EventOutput::File { path, max_size, keep } => {
                Ok(Self::File(EventFile::open(path, *keep, header)?, *max_size))
            }
        }
    }

    /// Whether the file must be rotated before `more` bytes are written.
    pub(super) fn is_full(&self, more: usize) -> bool {
        match self {
            Self::Standard(_) => false,
            Self::File(file, most) => file.is_full(more, *most),
        }
    }

    /// Rotates the file.
    pub(super) fn rotate(&mut self) -> Result<(), WriteError> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file, _) => file.rotate(moment()),
        }
    }

    /// Opens the path of the file again.
    pub(super) fn reopen(&mut self) -> Result<()> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file, _) => file.reopen(),
        }
    }

    /// Writes all of `bytes`; to a file, all or nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        match self {
            // Data written to a pipe cannot be withdrawn.
            Self::Standard(descriptor) => write_all(descriptor, bytes)
                .map_err(|error| WriteError::Fatal(anyhow!("writing to standard output: {error}"))),
            Self::File(file, _) => file.append(bytes),
        }
    }

    /// The current position.
    pub(super) fn mark(&self) -> Mark {
        Mark(match self {
            Self::Standard(_) => 0,
            Self::File(file, _) => file.length(),
        })
    }

    /// Syncs what was written since `mark`, or removes it.
    pub(super) fn sync(&mut self, mark: Mark) -> Result<(), WriteError> {
        self.sync_answered().map_err(|error| match self {
            Self::Standard(_) => WriteError::Fatal(error),
            Self::File(file, _) => file.take_back(mark.0, error),
        })
    }

    /// Syncs events whose requests are already answered, so that they cannot be removed.
    pub(super) fn sync_answered(&self) -> Result<()> {
        match self {
            Self::Standard(descriptor) => match rustix::fs::fdatasync(descriptor.as_fd()) {
                // Pipes and terminals cannot be synced.
                Ok(()) | Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) => Ok(()),
                Err(error) => Err(anyhow!("syncing standard output: {error}")),
            },
            Self::File(file, _) => file.sync(),
        }
    }
}

impl SyncPolicy {
    /// Whether requests wait for the sync.
    pub(super) fn is_batch(self) -> bool {
        self == Self::Batch
    }
}

/// Writes all bytes, also if another process that shares the stream made it non-blocking.
fn write_all(descriptor: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(descriptor, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut waited = [PollFd::new(descriptor, PollFlags::OUT)];
                match poll(&mut waited, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
