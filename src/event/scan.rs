//! A log read on several processors, with the same outcome as on one.

use crate::event::chunks::{Chunk, Chunks, LINE_LIMIT};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Chunks that are in memory for each thread: one that is being read, and one or two that wait.
const CHUNKS_PER_THREAD: usize = 3;

/// From so many bytes on that wait or are read no more are taken: a line may be as long as [`LINE_LIMIT`].
const MOST_BYTES: usize = LINE_LIMIT;

/// Applies `read` to each chunk on `threads` threads, and `fold` to what came of it, on this thread, in the order of the
/// log.
///
/// # Errors
/// The log cannot be read on. What was read before is folded.
pub fn scan<R: Read, T: Send>(
    log: Chunks<R>,
    threads: usize,
    read: impl Fn(&Chunk) -> T + Sync,
    mut fold: impl FnMut(T),
) -> io::Result<()> {
    scan_while(log, threads, read, |outcome| {
        fold(outcome);
        ControlFlow::Continue(())
    })
}

/// As [`scan`]; the rest of the log is left when `fold` breaks.
///
/// # Errors
/// As there.
pub fn scan_while<R: Read, T: Send>(
    mut log: Chunks<R>,
    threads: usize,
    read: impl Fn(&Chunk) -> T + Sync,
    mut fold: impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    if threads <= 1 {
        let mut buffer = Vec::new();
        while let Some(chunk) = log.next(buffer)? {
            if fold(read(&chunk)).is_break() {
                return Ok(());
            }
            buffer = chunk.into_buffer();
        }
        return Ok(());
    }
    let (to_read, waiting) = channel();
    let (finished, read_chunks) = channel();
    let (read, waiting) = (&read, &Mutex::new(waiting));
    thread::scope(|scope| {
        // The threads end when it goes, at the end of this block.
        let to_read = to_read;
        for _ in 0..threads {
            let finished = finished.clone();
            scope.spawn(move || work(waiting, read, &finished));
        }
        drop(finished);
        distribute(log, threads * CHUNKS_PER_THREAD, &to_read, &read_chunks, &mut fold)
    })
}

/// A chunk that is read.
struct Finished<T> {
    index: usize,
    outcome: T,
    chunk: Chunk,
}

/// What a thread does: reads what comes until nothing comes any more.
fn work<T>(
    waiting: &Mutex<Receiver<(usize, Chunk)>>,
    read: &impl Fn(&Chunk) -> T,
    finished: &Sender<Finished<T>>,
) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, chunk)) = next else { return };
        let outcome = read(&chunk);
        if finished.send(Finished { index, outcome, chunk }).is_err() {
            return;
        }
    }
}

/// Hands out chunks, at most `most` at a time, and folds what comes back in their order.
fn distribute<R: Read, T>(
    mut log: Chunks<R>,
    most: usize,
    to_read: &Sender<(usize, Chunk)>,
    finished: &Receiver<Finished<T>>,
    fold: &mut impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut end = None;
    let (mut sent, mut folded, mut bytes) = (0, 0, 0);
    let mut early = BTreeMap::new();
    let mut buffers = Vec::new();
    loop {
        while end.is_none() && sent < folded + most && bytes < MOST_BYTES {
            match log.next(buffers.pop().unwrap_or_default()) {
                Ok(Some(chunk)) => {
                    bytes += chunk.size();
                    // Where no thread is left, each has panicked, and so will this one at the end of their scope.
                    drop(to_read.send((sent, chunk)));
                    sent += 1;
                }
                Ok(None) => end = Some(Ok(())),
                Err(error) => end = Some(Err(error)),
            }
        }
        if folded == sent {
            return end.unwrap_or(Ok(()));
        }
        let Ok(Finished { index, outcome, chunk }) = finished.recv() else { return Ok(()) };
        bytes -= chunk.size();
        buffers.push(chunk.into_buffer());
        early.insert(index, outcome);
        while let Some(outcome) = early.remove(&folded) {
            if fold(outcome).is_break() {
                return Ok(());
            }
            folded += 1;
        }
    }
}
