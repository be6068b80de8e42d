//! Limits how far the reading threads may be ahead of the fold, and keeps results until it is their turn.

use crate::lines::chunks::LINE_LIMIT;
use crate::lines::part::Part;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// No more parts are taken while this many bytes are being read: a line may be as long as [`LINE_LIMIT`].
const MOST_BYTES: usize = LINE_LIMIT;

/// The result of a part; an error means that the log ends after it.
pub(super) type Finished<T> = (Option<T>, io::Result<()>);

/// The next task of the folding thread.
pub(super) enum Next<T> {
    Fold(Finished<T>),
    Read,
    End,
}

/// The parts that are read but not folded yet. Their number is limited, so that memory is bounded even if the output is
/// blocked.
pub(super) struct Window<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// The maximum number of parts.
    most: usize,
}

struct State<T> {
    /// The number of parts that were taken, and the number of results that were returned for folding.
    taken: usize,
    folded: usize,
    /// Results of parts that come after one that is still being read.
    early: BTreeMap<usize, Finished<T>>,
    /// Bytes of the parts that are being read.
    bytes: usize,
    /// All parts were taken.
    is_whole: bool,
    /// Folding has stopped, or a part will never be finished.
    is_over: bool,
    /// The number of waiting threads. A notification needs a system call even if no thread waits, so it is skipped
    /// then.
    waiting: usize,
}

impl<T> Window<T> {
    /// A window for at most `most` parts.
    pub(super) fn new(most: usize) -> Self {
        let state = State {
            taken: 0,
            folded: 0,
            early: BTreeMap::new(),
            bytes: 0,
            is_whole: false,
            is_over: false,
            waiting: 0,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), most }
    }

    /// Whether one more part may be taken now.
    pub(super) fn has_room(&self) -> bool {
        lock(&self.state).has_room(self.most)
    }

    /// Waits until one more part may be taken; `false` if no more parts are needed.
    pub(super) fn wait_for_room(&self) -> bool {
        self.wait(|state| {
            let is_end = state.is_whole || state.is_over;
            (is_end || state.has_room(self.most)).then_some(!is_end)
        })
    }

    /// The next task of the folding thread.
    pub(super) fn next(&self) -> Next<T> {
        self.wait(|state| {
            if let Some(finished) = state.early.remove(&state.folded) {
                state.folded += 1;
                return Some(Next::Fold(finished));
            }
            if state.is_over || state.is_whole && state.folded == state.taken {
                return Some(Next::End);
            }
            state.has_room(self.most).then_some(Next::Read)
        })
    }

    /// Registers a part that was taken, and returns its index.
    pub(super) fn begin<P: Part>(&self, taken: &io::Result<Option<P>>) -> usize {
        self.change(|state| {
            let index = state.taken;
            match taken {
                Ok(None) => state.is_whole = true,
                Ok(Some(part)) => {
                    state.taken += 1;
                    state.bytes += part.size();
                }
                Err(_) => {
                    state.taken += 1;
                    state.is_whole = true;
                }
            }
            index
        })
    }

    /// Keeps the result of a part until it is its turn.
    pub(super) fn finish(&self, index: usize, bytes: usize, finished: Finished<T>) {
        self.change(|state| {
            state.bytes -= bytes;
            state.early.insert(index, finished);
        });
    }

    fn wait<R>(&self, mut look: impl FnMut(&mut State<T>) -> Option<R>) -> R {
        let mut state = lock(&self.state);
        loop {
            let folded = state.folded;
            if let Some(seen) = look(&mut state) {
                // Other parts may be taken now.
                if state.folded != folded && state.waiting > 0 {
                    self.changed.notify_all();
                }
                return seen;
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
        let mut state = lock(&self.state);
        let changed = change(&mut state);
        if state.waiting > 0 {
            self.changed.notify_all();
        }
        changed
    }
}

impl<T> State<T> {
    fn has_room(&self, most: usize) -> bool {
        let is_far = self.taken >= self.folded + most || self.bytes >= MOST_BYTES;
        !is_far && !self.is_whole && !self.is_over
    }
}

/// Wakes all waiting threads when the folding thread returns or a reading thread panics.
pub(super) struct End<'a, T> {
    pub(super) window: &'a Window<T>,
    pub(super) only_in_panic: bool,
}

impl<T> Drop for End<'_, T> {
    fn drop(&mut self) {
        if !self.only_in_panic || thread::panicking() {
            self.window.change(|state| state.is_over = true);
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
