//! Where events are written: standard output or a file, in one way for the writer.

use super::file::{Broken, EventFile};
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

/// What was there before a group of batches.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl Sink {
    /// Opens it.
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
                    Err(Broken::No(error) | Broken::Yes(error)) => Err(error),
                }
            }
            EventOutput::File { path, max_size, keep } => {
                Ok(Self::File(EventFile::open(path, *keep, header)?, *max_size))
            }
        }
    }

    /// Whether the file has to be rotated before `more` bytes.
    pub(super) fn is_full(&self, more: usize) -> bool {
        match self {
            Self::Standard(_) => false,
            Self::File(file, most) => file.is_full(more, *most),
        }
    }

    /// Rotates the file.
    pub(super) fn rotate(&mut self) -> Result<(), Broken> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file, _) => file.rotate(moment()),
        }
    }

    /// Opens the file's path anew.
    pub(super) fn reopen(&mut self) -> Result<()> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file, _) => file.reopen(),
        }
    }

    /// Writes all of `bytes`; to a file all or nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        match self {
            // A pipe takes nothing back.
            Self::Standard(descriptor) => write_all(descriptor, bytes)
                .map_err(|error| Broken::Yes(anyhow!("writing to standard output: {error}"))),
            Self::File(file, _) => file.append(bytes),
        }
    }

    /// Where it is now.
    pub(super) fn mark(&self) -> Mark {
        Mark(match self {
            Self::Standard(_) => 0,
            Self::File(file, _) => file.length(),
        })
    }

    /// Brings what was written since `mark` to the disk, or takes it back.
    pub(super) fn sync(&mut self, mark: Mark) -> Result<(), Broken> {
        self.sync_told().map_err(|error| match self {
            Self::Standard(_) => Broken::Yes(error),
            Self::File(file, _) => file.take_back(mark.0, error),
        })
    }

    /// Brings to the disk what cannot be taken back any more: it was answered.
    pub(super) fn sync_told(&self) -> Result<()> {
        match self {
            Self::Standard(descriptor) => match rustix::fs::fdatasync(descriptor.as_fd()) {
                // Pipes and terminals have nothing to sync.
                Ok(()) | Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) => Ok(()),
                Err(error) => Err(anyhow!("syncing standard output: {error}")),
            },
            Self::File(file, _) => file.sync(),
        }
    }
}

impl SyncPolicy {
    /// Whether requests wait for the disk.
    pub(super) fn is_batch(self) -> bool {
        self == Self::Batch
    }
}

/// Writes all, also where somebody else made the stream one that does not wait: it is shared with who started kaudit.
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
