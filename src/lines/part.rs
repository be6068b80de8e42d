//! A log in parts: parts are taken in order, by one thread at a time, and read by any thread.

use crate::lines::chunks::{Chunk, Chunks};
use std::io::{self, Read};

/// A log whose parts are taken one after the other and read in parallel.
pub trait Log: Send {
    /// Some lines, which may not be read yet.
    type Part: Part;

    /// The next lines; `None` at the end. Only one thread at a time takes a part. Lines that are already read may use
    /// the memory of `buffer`.
    ///
    /// # Errors
    /// The log cannot be read any further. The lines before the error were already returned.
    fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Self::Part>>;
}

/// Lines that are read by the thread that took them.
pub trait Part: Send {
    /// The maximum number of bytes that are read.
    fn size(&self) -> usize;

    /// Reads the lines into `buffer`: all of them, or those before a read error.
    fn read(self, buffer: Vec<u8>) -> (Chunk, io::Result<()>);
}

impl<R: Read + Send> Log for Chunks<R> {
    type Part = Chunk;

    fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Chunk>> {
        self.next(std::mem::take(buffer))
    }
}

impl Part for Chunk {
    fn size(&self) -> usize {
        Self::size(self)
    }

    fn read(self, _: Vec<u8>) -> (Chunk, io::Result<()>) {
        (self, Ok(()))
    }
}
