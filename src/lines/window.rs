//! How far the threads that read a log may go ahead of what is folded, and what waits for its turn.

use crate::lines::chunks::LINE_LIMIT;
use crate::lines::part::Part;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// From so many bytes on that are being read no more are taken: a line may be as long as [`LINE_LIMIT`].
const MOST_BYTES: usize = LINE_LIMIT;

/// What came of a part; an error is the end of the log, behind it.
pub(super) type Finished<T> = (Option<T>, io::Result<()>);

/// What the thread that folds does next.
pub(super) enum Next<T> {
    Fold(Finished<T>),
    Read,
    End,
}

/// What is being read and not folded yet, and how much of it there may be: memory is bounded also where nobody takes what is
/// printed.
pub(super) struct Window<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// So many parts at most.
    most: usize,
}

struct State<T> {
    /// How many parts were taken, and of how many of them the outcome was handed out to be folded.
    taken: usize,
    folded: usize,
    /// Outcomes before their turn.
    early: BTreeMap<usize, Finished<T>>,
    /// Bytes of parts that are being read.
    bytes: usize,
    /// There are no other parts than those that were taken.
    is_whole: bool,
    /// Nobody folds any more, or there is a part that will never be finished.
    is_over: bool,
    /// Threads that wait: waking them takes a system call, also where there are none.
    waiting: usize,
}

impl<T> Window<T> {
    /// With room for so many parts.
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

    /// Waits until one more part may be taken; `false`: none is wanted any more.
    pub(super) fn wait_for_room(&self) -> bool {
        self.wait(|state| {
            let is_end = state.is_whole || state.is_over;
            (is_end || state.has_room(self.most)).then_some(!is_end)
        })
    }

    /// What there is to do for the thread that folds.
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

    /// Counts what was taken, and tells which part it is.
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

    /// Keeps what came of a part until it is its turn.
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
                // Room for others.
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

/// Lets nobody wait for a thread that goes: for the one that folds, or for one that has panicked with a part.
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
