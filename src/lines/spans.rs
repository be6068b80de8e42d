//! A log that can be read at any place → spans of whole lines, found without reading what is between their ends: the
//! threads that read them do not wait for each other.

use crate::lines::chunks::{CHUNK, Chunk, LINE_LIMIT};
use crate::lines::part::{Log, Part};
use memchr::{memchr, memrchr};
use std::io;

/// What is looked at for the end of a line at first: few events are longer.
const GLANCE: usize = 4 << 10;

/// What is looked at for the end of a long line at a time.
const BLOCK: usize = 64 << 10;

/// What several threads read at the same time, each at its own place.
pub trait ReadAt: Clone + Send {
    /// Reads once what is `at` bytes behind the beginning, and tells how many bytes it is; 0 at the end.
    ///
    /// # Errors
    /// It cannot be read there.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

/// Cuts such a log into spans.
#[derive(Debug)]
pub struct Spans<R> {
    log: R,
    /// Where the next span begins, and where the log ends.
    at: u64,
    end: u64,
    size: usize,
    line_limit: usize,
    /// The end of the next line, where it is known to be longer than the limit.
    too_long: Option<u64>,
    /// Why the log could not be looked at, to be told after what is before that place.
    failure: Option<io::Error>,
    /// Memory for what is looked at.
    seen: Vec<u8>,
}

/// Whole lines that are not read yet.
#[derive(Debug)]
pub struct Span<R> {
    log: R,
    from: u64,
    size: usize,
    line_limit: usize,
    is_too_long: bool,
}

impl<R: ReadAt> Spans<R> {
    /// The first `length` bytes of `log`, or all that there is if it has become shorter.
    pub fn new(log: R, length: u64) -> Self {
        Self::with_sizes(log, length, CHUNK, LINE_LIMIT)
    }

    /// Spans of at least `size` bytes, and of at most so many and a line; lines of more than `line_limit` bytes are passed
    /// over.
    pub fn with_sizes(log: R, length: u64, size: usize, line_limit: usize) -> Self {
        let (size, seen) = (size.max(1), Vec::new());
        Self { log, at: 0, end: length, size, line_limit, too_long: None, failure: None, seen }
    }

    /// Where the next span ends, and whether it is one line that is too long.
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

    /// The end of the line that has the byte at `place`, with its line feed.
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

    /// The beginning of that line, or of the span.
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

    /// Up to `most` bytes behind `at`. If they are fewer the log ends there: it is shorter now, or cannot be read.
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
        // Nobody reads such a line.
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

/// Fills `buffer` as far as the log goes or can be read, and tells how far that is.
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
