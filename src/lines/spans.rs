//! Splits a log with random access into spans of whole lines. Only the ends of a span are read to find it, so the
//! threads that read the spans do not wait for each other.

use crate::lines::chunks::{CHUNK, Chunk, LINE_LIMIT};
use crate::lines::part::{Log, Part};
use memchr::{memchr, memrchr};
use std::io;

/// The size of the first read when searching for the end of a line: few events are longer.
const GLANCE: usize = 4 << 10;

/// The size of each further read when searching for the end of a long line.
const BLOCK: usize = 64 << 10;

/// A file that several threads can read at the same time, each at its own position.
pub trait ReadAt: Clone + Send {
    /// Reads once at the offset `at`, and returns the number of bytes; 0 at the end.
    ///
    /// # Errors
    /// The file cannot be read at this position.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

/// Splits such a log into spans.
#[derive(Debug)]
pub struct Spans<R> {
    log: R,
    /// The start of the next span, and the end of the log.
    at: u64,
    end: u64,
    size: usize,
    line_limit: usize,
    /// The end of the next line, if the line is known to be longer than the limit.
    too_long: Option<u64>,
    /// The read error, returned after the lines before it.
    failure: Option<io::Error>,
    /// The buffer for these reads.
    seen: Vec<u8>,
}

/// Whole lines that were not read yet.
#[derive(Debug)]
pub struct Span<R> {
    log: R,
    from: u64,
    size: usize,
    line_limit: usize,
    is_too_long: bool,
}

impl<R: ReadAt> Spans<R> {
    /// The first `length` bytes of `log`, or the whole log if it was truncated.
    pub fn new(log: R, length: u64) -> Self {
        Self::with_sizes(log, length, CHUNK, LINE_LIMIT)
    }

    /// Spans of at least `size` bytes and at most `size` bytes plus one line; lines of more than `line_limit` bytes are
    /// skipped.
    pub fn with_sizes(log: R, length: u64, size: usize, line_limit: usize) -> Self {
        let (size, seen) = (size.max(1), Vec::new());
        Self { log, at: 0, end: length, size, line_limit, too_long: None, failure: None, seen }
    }

    /// The end of the next span, and whether the span is one line that is too long.
    fn cut(&mut self) -> (u64, bool) {
        if let Some(end) = self.too_long.take() {
            return (end, true);
        }
        let full = self.at.saturating_add(self.size as u64);
        if full >= self.end {
            return (self.end, false);
        }
        // The byte before may be the end of a line.
        let end = self.line_end(full - 1);
        if end.saturating_sub(full) <= self.line_limit as u64 {
            return (end, false);
        }
        let begin = self.line_begin(full - 1);
        if self.end < end {
            return (self.end, false);
        }
        if begin == self.at {
            return (end, true);
        }
        self.too_long = Some(end);
        (begin, false)
    }

    /// The end of the line that contains the byte at `place`, with its line feed.
    fn line_end(&mut self, place: u64) -> u64 {
        let mut at = place;
        while at < self.end {
            let seen = self.look(at, if at == place { GLANCE } else { BLOCK });
            if let Some(line_feed) = memchr(b'\n', seen) {
                return at + line_feed as u64 + 1;
            }
            at += seen.len() as u64;
        }
        self.end
    }

    /// The start of that line, or of the span if the line starts before it.
    fn line_begin(&mut self, place: u64) -> u64 {
        let mut end = place;
        while end > self.at {
            let begin = end.saturating_sub(BLOCK as u64).max(self.at);
            let seen = self.look(begin, usize::try_from(end - begin).unwrap_or(BLOCK));
            if let Some(line_feed) = memrchr(b'\n', seen) {
                return begin + line_feed as u64 + 1;
            }
            end = begin;
        }
        self.at
    }

    /// Up to `most` bytes at the offset `at`. Fewer mean that the log ends there: it was truncated or cannot be read.
    fn look(&mut self, at: u64, most: usize) -> &[u8] {
        let most = usize::try_from(self.end.saturating_sub(at)).unwrap_or(most).min(most);
        self.seen.resize(most, 0);
        let (read, outcome) = read_fully(&self.log, &mut self.seen, at);
        if read < most {
            self.end = at + read as u64;
            self.failure = outcome.err();
        }
        self.seen.get(..read).unwrap_or_default()
    }
}

impl<R: ReadAt> Log for Spans<R> {
    type Part = Span<R>;

    fn take(&mut self, _: &mut Vec<u8>) -> io::Result<Option<Span<R>>> {
        let (end, is_too_long) = if self.at < self.end { self.cut() } else { (self.at, false) };
        let from = std::mem::replace(&mut self.at, end);
        let size = usize::try_from(end.saturating_sub(from)).unwrap_or(usize::MAX);
        if size == 0 {
            return self.failure.take().map_or(Ok(None), Err);
        }
        Ok(Some(Span { log: self.log.clone(), from, size, line_limit: self.line_limit, is_too_long }))
    }
}

impl<R: ReadAt> Part for Span<R> {
    fn size(&self) -> usize {
        // A line that is too long is not read.
        if self.is_too_long { 0 } else { self.size }
    }

    fn read(self, mut buffer: Vec<u8>) -> (Chunk, io::Result<()>) {
        if self.is_too_long {
            return (Chunk::too_long(buffer), Ok(()));
        }
        if buffer.len() < self.size {
            buffer.resize(self.size, 0);
        }
        let (filled, outcome) =
            read_fully(&self.log, buffer.get_mut(..self.size).unwrap_or_default(), self.from);
        (Chunk::new(buffer, filled, self.line_limit, self.from == 0), outcome)
    }
}

/// Fills `buffer` until the end of the log or a read error, and returns the number of bytes.
fn read_fully(log: &impl ReadAt, buffer: &mut [u8], at: u64) -> (usize, io::Result<()>) {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match log.read_at(room, at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(()))
}
