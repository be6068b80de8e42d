//! A log in parts: each is taken in order by one thread and read by any.

use crate::lines::chunks::{Chunk, Chunks};
use std::io::{self, Read};

/// A log whose parts are taken one after the other, and read at the same time.
pub trait Log: Send {
    /// Some lines, as they are taken.
    type Part: Part;

    /// The next lines; `None` at the end. While one thread takes, the others wait. What is read already may use the memory of
    /// `buffer`.
    ///
    /// # Errors
    /// The log cannot be read on. What is before that place came out before.
    fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Self::Part>>;
}

/// Lines that the thread reads that took them.
pub trait Part: Send {
    /// How many bytes are read, at most.
    fn size(&self) -> usize;

    /// Reads them, in the memory of `buffer`: all of them, or those before the place where that fails.
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
