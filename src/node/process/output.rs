//! The end of a program's output, in bounded memory.

use std::fs::File;
use std::io::Read as _;

/// The size of one read: the capacity of a pipe (`pipe(7)`).
const CHUNK: usize = 64 * 1024;

/// A pipe and the last bytes read from it.
pub(in crate::node) struct Tail {
    pipe: Option<File>,
    kept: Vec<u8>,
    limit: usize,
    is_cut: bool,
}

impl Tail {
    /// Keeps at most `limit` bytes.
    pub(in crate::node) fn new(pipe: Option<File>, limit: usize) -> Self {
        Self { pipe, kept: Vec::new(), limit, is_cut: false }
    }

    /// The pipe, while it is open.
    pub(in crate::node) fn pipe(&self) -> Option<&File> {
        self.pipe.as_ref()
    }

    /// Reads available data; closes the pipe at its end or after an error.
    pub(in crate::node) fn read_once(&mut self) {
        let mut chunk = vec![0; CHUNK];
        match self.pipe.as_mut().map(|pipe| pipe.read(&mut chunk)) {
            Some(Ok(count)) if count > 0 => self.keep(chunk.get(..count).unwrap_or_default()),
            _ => self.pipe = None,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        let surplus = self.kept.len().saturating_sub(self.limit);
        if surplus > 0 {
            self.kept.drain(..surplus);
            self.is_cut = true;
        }
    }

    /// The text, from the first complete line.
    pub(in crate::node) fn into_text(self) -> String {
        let text = String::from_utf8_lossy(&self.kept).into_owned();
        match text.split_once('\n') {
            Some((_, whole)) if self.is_cut => whole.to_owned(),
            _ => text,
        }
    }
}
