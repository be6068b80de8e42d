//! A limit on connections. When all slots are taken, an idle connection is closed for a new one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// A connection that was idle this long may be closed for another. It is longer than the time between connecting and
/// the first request, or between two requests of a busy client.
pub(super) const EVICTABLE_AFTER: Duration = Duration::from_secs(1);
/// How often idle connections are checked while a new one waits.
const LOOK: Duration = Duration::from_millis(100);

/// Whether the client is authenticated, and a sequence number.
type Key = (bool, u64);

/// The slots of all connections.
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    all: usize,
    /// Idle connections: unauthenticated ones first, then by how long they are idle.
    idle: RefCell<BTreeMap<Key, (Instant, Rc<Notify>)>>,
    count: Cell<u64>,
    is_full: Cell<bool>,
}

/// Marks a connection as idle until it is dropped.
pub(super) struct Idle {
    slots: Rc<ConnectionSlots>,
    key: Key,
}

impl ConnectionSlots {
    /// Creates `all` slots.
    pub(super) fn new(all: usize) -> Rc<Self> {
        let free = Arc::new(Semaphore::new(all));
        let idle = RefCell::default();
        Rc::new(Self { free, all, idle, count: Cell::new(0), is_full: Cell::new(false) })
    }

    /// Takes a slot for a connection that is waiting to be accepted.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        self.is_full.set(true);
        let taken = loop {
            self.evict();
            tokio::select! {
                taken = Arc::clone(&self.free).acquire_owned() => break taken,
                () = sleep(LOOK) => {}
            }
        };
        self.is_full.set(false);
        taken.ok()
    }

    /// Whether a new connection is waiting for a slot.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.get()
    }

    /// Tells one idle connection to end.
    fn evict(&self) {
        let mut idle = self.idle.borrow_mut();
        let ripe =
            idle.iter().find(|(_, (since, _))| since.elapsed() >= EVICTABLE_AFTER).map(|(key, _)| *key);
        if let Some((_, leave)) = ripe.and_then(|key| idle.remove(&key)) {
            leave.notify_one();
        }
    }

    /// Waits until all slots are free.
    pub(super) async fn all_free(&self) {
        // The semaphore is never closed.
        drop(self.free.acquire_many(u32::try_from(self.all).unwrap_or(u32::MAX)).await);
    }

    /// The number of taken slots.
    pub(super) fn taken(&self) -> usize {
        self.all.saturating_sub(self.free.available_permits())
    }

    /// Marks a connection as idle; `leave` tells it to end.
    pub(super) fn idle(self: &Rc<Self>, is_admitted: bool, leave: &Rc<Notify>) -> Idle {
        let count = self.count.get();
        self.count.set(count + 1);
        let key = (is_admitted, count);
        self.idle.borrow_mut().insert(key, (Instant::now(), Rc::clone(leave)));
        Idle { slots: Rc::clone(self), key }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.slots.idle.borrow_mut().remove(&self.key);
    }
}
