//! A memory budget for request bodies. Memory is reserved when data arrives, not when it is announced, so that clients
//! that announce much and send little do not block others.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit of reservations, in bytes: on some machines a semaphore counts only to 2^32.
const PIECE: usize = 1024;
/// The memory that each body has without a reservation, so that a small body never waits for large ones. It is at most
/// what a connection may use for its head.
const OWN: usize = 64 << 10;
/// How often the speed of a body is checked.
const LOOK: Duration = Duration::from_secs(1);
/// The least number of bytes between two checks while other bodies wait.
const LEAST: usize = 64 << 10;

/// The budget: the size of one largest body shared by all, and the same size again for one body at a time. Without the
/// latter, bodies that each hold a part and wait for the rest would deadlock.
pub(super) struct MemoryBudget {
    shared: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    waiting: Cell<usize>,
}

/// The memory of one body; released on drop.
#[derive(Debug, Default)]
pub(super) struct Reservation {
    bytes: usize,
    shared: Option<OwnedSemaphorePermit>,
    spare: Option<OwnedSemaphorePermit>,
}

impl MemoryBudget {
    /// A budget for bodies of up to `max_body` bytes.
    pub(super) fn new(max_body: usize) -> Self {
        let shared = Arc::new(Semaphore::new(pieces(max_body) as usize));
        Self { shared, spare: Arc::new(Semaphore::new(1)), waiting: Cell::new(0) }
    }

    /// Whether a body is waiting for memory.
    pub(super) fn is_short(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Grows a reservation to `bytes`, at most the length of the longest body; waits until the memory is available.
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
                // The spare part is enough for the whole body.
                reservation.shared = None;
            }
            // The semaphores are never closed.
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

/// Counts a waiting body until it is dropped, also if the wait is cancelled.
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

/// The speed of a body.
#[derive(Debug)]
pub(super) struct Pace {
    /// The deadline of the body.
    end: Instant,
    /// The time of the next check.
    look: Instant,
    /// Bytes since the last check.
    bytes: usize,
}

impl Pace {
    /// For a body that starts now.
    pub(super) fn new(timeout: Duration) -> Self {
        let now = Instant::now();
        Self { end: now + timeout, look: now + LOOK, bytes: 0 }
    }

    /// Counts received bytes.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Excludes time in which the server did not read.
    pub(super) fn pause(&mut self, time: Duration) {
        self.end += time;
        self.look += time;
    }

    /// The time of the next check or the deadline.
    pub(super) fn next(&self) -> Instant {
        self.end.min(self.look)
    }

    /// Whether the body is too slow: it missed its deadline, or hardly progresses while others wait.
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
    use super::{MemoryBudget, OWN, Reservation};
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
    fn small_bodies_never_wait_and_one_large_body_always_progresses() {
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
