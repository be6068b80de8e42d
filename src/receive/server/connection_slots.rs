//! The places of connections: where all are taken, who asks for nothing gives his to a newcomer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// A connection that asked for nothing for so long may have to go. It is more than lies between a connection and its first
/// request, or between two of a client that has much to send.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is seen who may have to go.
const LOOK: Duration = Duration::from_millis(100);

/// Whether a client is known as one who may send events, and a number that grows with time.
type Key = (bool, u64);

/// All slots.
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    all: usize,
    /// Connections that ask for nothing: strangers first, then by how long they do.
    quiet: RefCell<BTreeMap<Key, (Instant, Rc<Notify>)>>,
    count: Cell<u64>,
    is_full: Cell<bool>,
}

/// A connection that asks for nothing, until this is dropped.
pub(super) struct Quiet {
    slots: Rc<ConnectionSlots>,
    key: Key,
}

impl ConnectionSlots {
    /// So many.
    pub(super) fn new(all: usize) -> Rc<Self> {
        let free = Arc::new(Semaphore::new(all));
        let quiet = RefCell::default();
        Rc::new(Self { free, all, quiet, count: Cell::new(0), is_full: Cell::new(false) })
    }

    /// A place for a newcomer, who is there already.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        self.is_full.set(true);
        let taken = loop {
            self.send_away();
            tokio::select! {
                taken = Arc::clone(&self.free).acquire_owned() => break taken,
                () = sleep(LOOK) => {}
            }
        };
        self.is_full.set(false);
        taken.ok()
    }

    /// Whether a newcomer waits for a place.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.get()
    }

    /// Asks one connection to end.
    fn send_away(&self) {
        let mut quiet = self.quiet.borrow_mut();
        let ripe = quiet.iter().find(|(_, (since, _))| since.elapsed() >= PATIENCE).map(|(key, _)| *key);
        if let Some((_, leave)) = ripe.and_then(|key| quiet.remove(&key)) {
            leave.notify_one();
        }
    }

    /// Waits until all are free.
    pub(super) async fn all_free(&self) {
        // Nobody closes it.
        drop(self.free.acquire_many(u32::try_from(self.all).unwrap_or(u32::MAX)).await);
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.all.saturating_sub(self.free.available_permits())
    }

    /// From now on a connection asks for nothing; `leave` tells it to end.
    pub(super) fn quiet(self: &Rc<Self>, is_admitted: bool, leave: &Rc<Notify>) -> Quiet {
        let count = self.count.get();
        self.count.set(count + 1);
        let key = (is_admitted, count);
        self.quiet.borrow_mut().insert(key, (Instant::now(), Rc::clone(leave)));
        Quiet { slots: Rc::clone(self), key }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.slots.quiet.borrow_mut().remove(&self.key);
    }
}
