//! MemoryBudget in memory for the bodies under way. It is taken as a body comes, not as it is announced, so that many who announce
//! much and send little take nothing from the others.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// MemoryBudget is given out in pieces of this many bytes: a semaphore counts to 2^32 or less on some machines.
const PIECE: usize = 1024;
/// What each body has without asking, so that a small one never waits for large ones. It is no more than what a connection
/// may take for its head.
const OWN: usize = 64 << 10;
/// A body is looked at this often.
const LOOK: Duration = Duration::from_secs(1);
/// The least that comes of a body between two looks while others wait.
const LEAST: usize = 64 << 10;

/// All of it: as much as a body of the greatest length has, for all together, and as much again for one at a time. Without
/// that one, bodies that each have a part and wait for the rest would wait for ever.
pub(super) struct MemoryBudget {
    shared: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    waiting: Cell<usize>,
}

/// What one body has. It is given back with this.
#[derive(Debug, Default)]
pub(super) struct Reservation {
    bytes: usize,
    shared: Option<OwnedSemaphorePermit>,
    spare: Option<OwnedSemaphorePermit>,
}

impl MemoryBudget {
    /// For bodies of `max_body` bytes.
    pub(super) fn new(max_body: usize) -> Self {
        let shared = Arc::new(Semaphore::new(pieces(max_body) as usize));
        Self { shared, spare: Arc::new(Semaphore::new(1)), waiting: Cell::new(0) }
    }

    /// Whether somebody waits for it.
    pub(super) fn is_short(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Makes the reservation one of `bytes`, no more than the length of the longest body; waits until that is there.
    pub(super) async fn grow(&self, reservation: &mut Reservation, bytes: usize) {
        let more = bytes.saturating_sub(reservation.bytes.max(OWN));
        if more == 0 || reservation.spare.is_some() {
            return;
        }
        let more = pieces(more);
        if let Ok(permit) = Arc::clone(&self.shared).try_acquire_many_owned(more) {
            return reservation.add(permit, bytes);
        }
        let _waiting = Waiting::of(&self.waiting);
        tokio::select! {
            Ok(permit) = Arc::clone(&self.shared).acquire_many_owned(more) => reservation.add(permit, bytes),
            Ok(permit) = Arc::clone(&self.spare).acquire_owned() => {
                reservation.spare = Some(permit);
                // It is enough for the whole body.
                reservation.shared = None;
            }
            // Nobody closes them.
            else => {}
        }
    }
}

impl Reservation {
    fn add(&mut self, permit: OwnedSemaphorePermit, bytes: usize) {
        self.bytes = bytes;
        match &mut self.shared {
            None => self.shared = Some(permit),
            Some(shared) => shared.merge(permit),
        }
    }
}

/// One who waits, also where the waiting is given up.
struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
    fn of(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE).max(1)).unwrap_or(u32::MAX)
}

/// How fast a body comes.
#[derive(Debug)]
pub(super) struct Pace {
    /// When it has to be there.
    end: Instant,
    /// When it is looked at again.
    look: Instant,
    /// What came since the last look.
    bytes: usize,
}

impl Pace {
    /// Of a body that begins now.
    pub(super) fn new(timeout: Duration) -> Self {
        let now = Instant::now();
        Self { end: now + timeout, look: now + LOOK, bytes: 0 }
    }

    /// That many bytes came.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// For so long nobody read.
    pub(super) fn pause(&mut self, time: Duration) {
        self.end += time;
        self.look += time;
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.end.min(self.look)
    }

    /// Whether the body is too slow: it is not there in its time, or hardly moves while others wait.
    pub(super) fn is_too_slow(&mut self, others_wait: bool) -> bool {
        let now = Instant::now();
        if now >= self.end {
            return true;
        }
        if now < self.look {
            return false;
        }
        let is_still = self.bytes < LEAST;
        self.look = now + LOOK;
        self.bytes = 0;
        others_wait && is_still
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN, MemoryBudget, Reservation};
    use std::time::Duration;
    use tokio::runtime::Builder;
    use tokio::time::timeout;

    const MOST: usize = 10 * OWN;

    fn run(task: impl Future<Output = ()>) {
        Builder::new_current_thread().enable_time().build().unwrap().block_on(task);
    }

    async fn grows(budget: &MemoryBudget, reservation: &mut Reservation, bytes: usize) -> bool {
        timeout(Duration::from_millis(20), budget.grow(reservation, bytes)).await.is_ok()
    }

    #[test]
    fn small_bodies_wait_for_nobody_and_one_large_one_always_goes_on() {
        run(async {
            let budget = MemoryBudget::new(MOST);
            let mut large: Vec<Reservation> = (0..4).map(|_| Reservation::default()).collect();
            for reservation in &mut large[..3] {
                assert!(grows(&budget, reservation, MOST / 3).await);
            }
            // Each has a part, and none of them has the rest.
            assert!(grows(&budget, &mut large[0], MOST).await);
            assert!(!grows(&budget, &mut large[1], MOST).await);
            assert!(!budget.is_short());
            let mut small = Reservation::default();
            assert!(grows(&budget, &mut small, OWN).await);
            drop(large.remove(0));
            let mut one = large.remove(0);
            assert!(grows(&budget, &mut one, MOST).await);
        });
    }
}
