//! Splits a log into chunks of whole lines, so that chunks can be parsed independently and in bounded memory.

use memchr::{memchr, memrchr};
use std::io::{self, Read};

/// The size of a chunk: some hundred events. The overhead per chunk is then small, and a chunk fits into a processor's
/// cache.
pub(super) const CHUNK: usize = 256 << 10;

/// Longer lines are skipped, so that memory is bounded for any file. An API server that rotates its log writes no line
/// that is longer than the maximum file size, 100 MB by default (`lumberjack.v2`, `Write`), and etcd limits objects to
/// 1.5 MiB: only a very long list that is logged with its body comes close.
pub const LINE_LIMIT: usize = 64 << 20;

/// Some programs write this at the start of a file. It does not belong to the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some consecutive lines of a log.
#[derive(Debug, Default, Clone)]
pub struct Chunk {
    /// The lines, and after them the old content of the buffer, which need not be cleared.
    buffer: Vec<u8>,
    filled: usize,
    is_first_too_long: bool,
    line_limit: usize,
}

impl Chunk {
    /// The lines in the first `filled` bytes of `buffer`; `is_start` if they are at the start of the log.
    pub(super) fn new(mut buffer: Vec<u8>, mut filled: usize, line_limit: usize, is_start: bool) -> Self {
        if is_start && buffer.get(..filled).is_some_and(|lines| lines.starts_with(BYTE_ORDER_MARK)) {
            buffer.copy_within(BYTE_ORDER_MARK.len()..filled, 0);
            filled -= BYTE_ORDER_MARK.len();
        }
        Self { buffer, filled, is_first_too_long: false, line_limit }
    }

    /// A chunk for one line that is longer than the limit.
    pub(super) fn too_long(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.push(b'\n');
        Self { buffer, filled: 1, is_first_too_long: true, line_limit: 0 }
    }

    /// The lines without their line feeds; `None` for one that is longer than the limit.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut rest = self.buffer.get(..self.filled).unwrap_or_default();
        let mut is_too_long = self.is_first_too_long;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (line, after) = rest.split_at_checked(memchr(b'\n', rest).unwrap_or(rest.len()))?;
            rest = after.get(1..).unwrap_or_default();
            let is_shown = !std::mem::take(&mut is_too_long) && line.len() <= self.line_limit;
            Some(is_shown.then_some(line))
        })
    }

    /// The whole text, unchanged; `None` if a line may be longer than the limit.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        let is_short = !self.is_first_too_long && self.filled <= self.line_limit;
        self.buffer.get(..self.filled).filter(|_| is_short)
    }

    /// The size in bytes, with the line feeds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.filled
    }

    /// The buffer, to be reused for the next chunk; a new one if it is much larger than usual.
    #[must_use]
    pub fn into_buffer(self) -> Vec<u8> {
        if self.buffer.capacity() > 16 * CHUNK { Vec::new() } else { self.buffer }
    }
}

/// Splits a log into chunks.
#[derive(Debug)]
pub struct Chunks<R> {
    log: R,
    size: usize,
    line_limit: usize,
    /// The start of a line whose end was not read yet.
    begun: Vec<u8>,
    /// No chunk was returned yet.
    is_start: bool,
    /// The read error, returned after the lines that were read before it.
    failure: Option<io::Error>,
}

impl<R: Read> Chunks<R> {
    /// Reads from `log`.
    pub fn new(log: R) -> Self {
        Self::with_sizes(log, CHUNK, LINE_LIMIT)
    }

    /// Reads at most `size` bytes at a time, and skips lines of more than `line_limit`.
    pub fn with_sizes(log: R, size: usize, line_limit: usize) -> Self {
        Self { log, size: size.max(1), line_limit, begun: Vec::new(), is_start: true, failure: None }
    }

    /// The next lines, in the buffer `buffer`; `None` at the end. The last line may lack its line feed.
    ///
    /// # Errors
    /// The log cannot be read any further. The lines before the error were already returned.
    pub fn next(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Chunk>> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let mut filled = self.begun.len();
        make_room(&mut buffer, filled);
        if let Some(begin) = buffer.get_mut(..filled) {
            begin.copy_from_slice(&self.begun);
        }
        self.begun.clear();
        let mut is_first_too_long = false;
        loop {
            let before = filled;
            filled = self.read_into(&mut buffer, before);
            let read = buffer.get(before..filled).unwrap_or_default();
            // At the end, an incomplete line is the last one.
            if self.failure.is_some() || read.is_empty() {
                break;
            }
            if let Some(end) = memrchr(b'\n', read) {
                self.begun.extend_from_slice(read.get(end + 1..).unwrap_or_default());
                filled = before + end + 1;
                break;
            }
            // The chunk is a part of one line that is too long, so its start need not be kept.
            if before > self.line_limit {
                is_first_too_long = true;
                filled = 0;
            }
        }
        if filled == 0 && !is_first_too_long {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let is_start = std::mem::take(&mut self.is_start);
        if filled == 0 {
            return Ok(Some(Chunk::too_long(buffer)));
        }
        let chunk = Chunk::new(buffer, filled, self.line_limit, is_start);
        Ok(Some(Chunk { is_first_too_long, ..chunk }))
    }

    /// Reads once into the part after `filled`, and returns the new number of filled bytes. A pipe returns the bytes
    /// that are available, so lines are processed without waiting for a full chunk.
    fn read_into(&mut self, buffer: &mut Vec<u8>, filled: usize) -> usize {
        let end = filled + self.size;
        make_room(buffer, end);
        let Some(room) = buffer.get_mut(filled..end) else { return filled };
        loop {
            match self.log.read(room) {
                Ok(count) => return filled + count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    return filled;
                }
            }
        }
    }
}

fn make_room(buffer: &mut Vec<u8>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        for size in [1, 2, 3, 5, 64] {
            let mut chunks = Chunks::with_sizes(&b"\xef\xbb\xbf{1}\n\xef\xbb\xbf{2}\n"[..], size, 64);
            let mut lines = Vec::new();
            while let Some(chunk) = chunks.next(Vec::new()).unwrap() {
                lines.extend(chunk.iter().flatten().map(<[u8]>::to_vec));
            }
            assert_eq!(lines, [b"{1}".to_vec(), b"\xef\xbb\xbf{2}".to_vec()], "{size}");
        }
    }
}
