//! Reads a log on several threads, with the same result as on one.

use crate::lines::chunks::Chunk;
use crate::lines::part::{Log, Part};
use crate::lines::window::{End, Next, Window, lock};
use std::io;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::thread;

/// The number of parts per thread that may be read but not folded: one that is being read, and one or two that wait for
/// an earlier part.
const PARTS_PER_THREAD: usize = 3;

/// Applies `read` to each chunk on `threads` threads, and `fold` to the results on this thread, in the order of the
/// log.
///
/// # Errors
/// The log cannot be read any further. The chunks before the error are folded.
pub fn scan<T: Send>(
    log: impl Log,
    threads: usize,
    read: impl Fn(&Chunk) -> T + Sync,
    mut fold: impl FnMut(T),
) -> io::Result<()> {
    scan_while(log, threads, read, |outcome| {
        fold(outcome);
        ControlFlow::Continue(())
    })
}

/// As [`scan`], but stops when `fold` breaks.
///
/// # Errors
/// As for [`scan`].
pub fn scan_while<T: Send>(
    log: impl Log,
    threads: usize,
    read: impl Fn(&Chunk) -> T + Sync,
    mut fold: impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    let threads = threads.max(1);
    let scan = Scan { log: Mutex::new(log), read, window: Window::new(threads * PARTS_PER_THREAD) };
    let scan = &scan;
    thread::scope(|scope| {
        let _end = End { window: &scan.window, only_in_panic: false };
        for _ in 1..threads {
            scope.spawn(move || {
                let _end = End { window: &scan.window, only_in_panic: true };
                let mut buffer = Vec::new();
                while scan.window.wait_for_room() {
                    scan.step(&mut buffer);
                }
            });
        }
        let mut buffer = Vec::new();
        loop {
            match scan.window.next() {
                Next::Fold((found, outcome)) => {
                    if found.is_some_and(|found| fold(found).is_break()) {
                        return Ok(());
                    }
                    outcome?;
                }
                // This thread reads too: one that only folds would have to be woken for each part.
                Next::Read => scan.step(&mut buffer),
                Next::End => return Ok(()),
            }
        }
    })
}

/// The state that the threads share.
struct Scan<L, F, T> {
    /// Each thread takes the next part itself, so the part is in the cache of the processor that reads it.
    log: Mutex<L>,
    read: F,
    window: Window<T>,
}

impl<L: Log, F: Fn(&Chunk) -> T, T> Scan<L, F, T> {
    /// Takes a part and reads it, unless the window is full.
    fn step(&self, buffer: &mut Vec<u8>) {
        let (index, taken) = {
            let mut log = lock(&self.log);
            if !self.window.has_room() {
                return;
            }
            let taken = log.take(buffer);
            (self.window.begin(&taken), taken)
        };
        match taken {
            Ok(None) => {}
            Ok(Some(part)) => {
                let size = part.size();
                let (chunk, outcome) = part.read(std::mem::take(buffer));
                let found = (self.read)(&chunk);
                *buffer = chunk.into_buffer();
                self.window.finish(index, size, (Some(found), outcome));
            }
            Err(error) => self.window.finish(index, 0, (None, Err(error))),
        }
    }
}
