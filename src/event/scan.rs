//! A log read on several processors, with the same outcome as on one.

use crate::event::chunks::{Chunk, Chunks, LINE_LIMIT};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Chunks for each thread that may be read and not folded yet: one that is being read, and one or two that wait for one
/// before them.
const CHUNKS_PER_THREAD: usize = 3;

/// From so many bytes on that are being read no more are taken: a line may be as long as [`LINE_LIMIT`].
const MOST_BYTES: usize = LINE_LIMIT;

/// Applies `read` to each chunk on `threads` threads, and `fold` to what came of it, on this thread, in the order of the
/// log.
///
/// # Errors
/// The log cannot be read on. What was read before is folded.
pub fn scan<R: Read + Send, T: Send>(
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
pub fn scan_while<R: Read + Send, T: Send>(
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
    let source = Source { log: Mutex::new((0, log)), window: Window::new(threads * CHUNKS_PER_THREAD) };
    let (source, read) = (&source, &read);
    thread::scope(|scope| {
        let (finished, outcomes) = channel();
        for _ in 0..threads {
            let finished = finished.clone();
            scope.spawn(move || work(source, read, &finished));
        }
        drop(finished);
        // The threads end when it goes, at the end of this block.
        let _end = End(&source.window);
        collect(&outcomes, &source.window, &mut fold)
    })
}

/// The log, from which each thread takes the next chunk itself: so it is in the cache of the processor that reads it, and
/// while one thread takes, the others read.
struct Source<R> {
    /// With the number of the next chunk.
    log: Mutex<(usize, Chunks<R>)>,
    window: Window,
}

/// What came of the chunk with this number; an error is the end of the log.
type Finished<T> = (usize, io::Result<T>);

/// What a thread does: takes and reads until there is nothing any more.
fn work<R: Read, T>(source: &Source<R>, read: &impl Fn(&Chunk) -> T, finished: &Sender<Finished<T>>) {
    // Also when it panics: the others would wait for its chunk.
    let _end = End(&source.window);
    let mut buffer = Vec::new();
    loop {
        let (index, taken) = {
            let mut log = source.log.lock().unwrap_or_else(PoisonError::into_inner);
            let (next, log) = &mut *log;
            if !source.window.wait_for(*next) {
                return;
            }
            let taken = log.next(std::mem::take(&mut buffer));
            source.window.take(taken.as_ref().ok().and_then(Option::as_ref).map_or(0, Chunk::size));
            let index = *next;
            *next += 1;
            (index, taken)
        };
        let outcome = match taken {
            Ok(None) => return,
            Ok(Some(chunk)) => {
                let outcome = read(&chunk);
                source.window.give_back(chunk.size());
                buffer = chunk.into_buffer();
                Ok(outcome)
            }
            Err(error) => Err(error),
        };
        let is_end = outcome.is_err();
        if finished.send((index, outcome)).is_err() || is_end {
            return;
        }
    }
}

/// Folds what comes in its order.
fn collect<T>(
    outcomes: &Receiver<Finished<T>>,
    window: &Window,
    fold: &mut impl FnMut(T) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut folded = 0;
    let mut early = BTreeMap::new();
    while let Ok((index, outcome)) = outcomes.recv() {
        early.insert(index, outcome);
        while let Some(outcome) = early.remove(&folded) {
            if fold(outcome?).is_break() {
                return Ok(());
            }
            folded += 1;
        }
        window.move_to(folded);
    }
    Ok(())
}

/// How far threads may go ahead of what is folded: memory is bounded also where nobody takes what is printed.
struct Window {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    folded: usize,
    /// Bytes of chunks that are being read.
    bytes: usize,
    is_over: bool,
}

impl Window {
    fn new(most: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), most }
    }

    /// Waits until the chunk with this number may be taken; `false`: none is wanted any more.
    fn wait_for(&self, index: usize) -> bool {
        let is_far = |state: &mut State| {
            !state.is_over && (index >= state.folded + self.most || state.bytes >= MOST_BYTES)
        };
        let state = self.changed.wait_while(self.lock(), is_far).unwrap_or_else(PoisonError::into_inner);
        !state.is_over
    }

    fn take(&self, bytes: usize) {
        self.lock().bytes += bytes;
    }

    fn give_back(&self, bytes: usize) {
        self.lock().bytes -= bytes;
        self.changed.notify_all();
    }

    fn move_to(&self, folded: usize) {
        self.lock().folded = folded;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With it goes the last reason to take a chunk: a thread has come to the log's end, or nobody folds any more.
struct End<'a>(&'a Window);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}
