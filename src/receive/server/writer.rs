//! The thread that writes. It takes what waits, writes it, syncs once for all of it, and then tells each request.

use super::file::Broken;
use super::options::SyncPolicy;
use super::room::Share;
use super::sink::{Mark, Sink};
use crate::receive::{Metrics, Repeats, Written};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Bytes of requests that one sync is for at most: the first of them waits for all.
const GROUP: usize = 16 << 20;
/// The same line is said again after this time at the soonest.
const SAY_AGAIN: Duration = Duration::from_mins(1);
/// How long to wait for work where nothing has to be synced.
const IDLE: Duration = Duration::from_hours(1);

/// The events of one request, written in the asked form.
pub(super) struct Work {
    /// What is written.
    pub(super) bytes: Vec<u8>,
    /// How many events that is.
    pub(super) written: Written,
    /// The SHA-256 of the body that they came in.
    pub(super) digest: [u8; 32],
    /// Room in memory, free again when this is written.
    pub(super) room: Share,
    /// Whom to tell.
    pub(super) done: oneshot::Sender<Ending>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is written, and synced if that is asked for; now or when it came before.
    Written,
    /// Nothing of it is there.
    Failed,
}

/// What the writer is asked to do.
enum Order {
    Write(Work),
    Reopen,
}

/// What it says meanwhile.
#[derive(Debug)]
pub(super) enum Message {
    /// A line for the operator.
    Say(String),
    /// The output is gone, and with it the writer.
    Broken(String),
}

/// The way to the writer; when the last one is gone, it finishes.
#[derive(Clone)]
pub(super) struct Orders(Sender<Order>);

impl Orders {
    /// Hands over a request's events; `false`: the writer is gone.
    pub(super) fn write(&self, work: Work) -> bool {
        self.0.send(Order::Write(work)).is_ok()
    }

    /// Has the file opened anew.
    pub(super) fn reopen(&self) {
        // Without a writer there is no file.
        drop(self.0.send(Order::Reopen));
    }
}

/// Starts it.
pub(super) fn start(
    sink: Sink,
    policy: SyncPolicy,
    remembered: usize,
    metrics: Arc<Metrics>,
    messages: UnboundedSender<Message>,
) -> (Orders, JoinHandle<()>) {
    let (orders, work) = mpsc::channel();
    let writer = Writer {
        sink,
        policy,
        repeats: Repeats::new(remembered),
        metrics,
        messages,
        unsynced: None,
        group: Vec::new(),
        said: None,
    };
    (Orders(orders), thread::spawn(move || writer.run(&work)))
}

struct Writer {
    sink: Sink,
    policy: SyncPolicy,
    repeats: Repeats,
    metrics: Arc<Metrics>,
    messages: UnboundedSender<Message>,
    /// With [`SyncPolicy::Interval`]: since when something is written and not synced.
    unsynced: Option<Instant>,
    /// Written, or a repetition of what is, and not told yet.
    group: Vec<Pending>,
    /// The last line for the operator.
    said: Option<(String, Instant)>,
}

/// A request that waits for the sync.
struct Pending {
    work: Work,
    /// It repeats one that was written, or one before it in the group.
    is_repeated: bool,
}

/// The output is gone.
struct Gone(anyhow::Error);

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
        match self.serve(orders) {
            Ok(()) => {}
            Err(Gone(error)) => {
                self.fail_group();
                // Nobody listens any more: the run ends anyway.
                drop(self.messages.send(Message::Broken(format!("{error:#}"))));
            }
        }
    }

    fn serve(&mut self, orders: &Receiver<Order>) -> Result<(), Gone> {
        loop {
            match orders.recv_timeout(self.patience()) {
                Ok(first) => self.take(first, orders)?,
                Err(RecvTimeoutError::Timeout) => self.sync_in_time()?,
                Err(RecvTimeoutError::Disconnected) => return self.sync_rest(),
            }
        }
    }

    /// Takes what waits behind `first` too, up to a limit.
    fn take(&mut self, first: Order, orders: &Receiver<Order>) -> Result<(), Gone> {
        let mut mark = self.sink.mark();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Reopen => {
                    self.settle(mark)?;
                    self.sync_rest()?;
                    if let Err(error) = self.sink.reopen() {
                        self.say(format!("{error:#}"));
                    }
                    mark = self.sink.mark();
                }
                Order::Write(work) => {
                    bytes += work.bytes.len();
                    if self.sink.is_full(work.bytes.len()) {
                        self.settle(mark)?;
                        self.rotate()?;
                        mark = self.sink.mark();
                    }
                    self.write(work)?;
                }
            }
            next = if bytes < GROUP { orders.try_recv().ok() } else { None };
        }
        self.settle(mark)?;
        self.sync_in_time()
    }

    fn write(&mut self, work: Work) -> Result<(), Gone> {
        let is_pending = self.group.iter().any(|pending| pending.work.digest == work.digest);
        let is_repeated = self.repeats.contains(&work.digest) || (is_pending && self.repeats.is_on());
        if is_repeated {
            self.group.push(Pending { work, is_repeated });
            return Ok(());
        }
        match self.sink.write(&work.bytes) {
            Ok(()) => self.group.push(Pending { work, is_repeated }),
            Err(Broken::No(error)) => {
                self.failed(&error);
                tell(work, Ending::Failed);
            }
            Err(Broken::Yes(error)) => {
                self.metrics.write_failures.add(1);
                tell(work, Ending::Failed);
                return Err(Gone(error));
            }
        }
        Ok(())
    }

    /// Syncs the group if its requests wait for that, and tells them.
    fn settle(&mut self, mark: Mark) -> Result<(), Gone> {
        if self.group.iter().all(|pending| pending.is_repeated) {
            self.tell_group();
            return Ok(());
        }
        if self.policy.is_batch() {
            match self.sink.sync(mark) {
                Ok(()) => {}
                Err(Broken::No(error)) => {
                    self.failed(&error);
                    self.fail_group();
                    return Ok(());
                }
                Err(Broken::Yes(error)) => {
                    self.metrics.write_failures.add(1);
                    return Err(Gone(error));
                }
            }
        } else {
            self.unsynced.get_or_insert_with(Instant::now);
        }
        self.tell_group();
        Ok(())
    }

    fn tell_group(&mut self) {
        for Pending { work, is_repeated } in self.group.drain(..) {
            if is_repeated {
                self.metrics.repeated.add(1);
            } else {
                let Written { events, unreadable } = work.written;
                self.metrics.add_batch(events, unreadable, work.bytes.len());
                self.repeats.insert(work.digest);
            }
            tell(work, Ending::Written);
        }
    }

    fn fail_group(&mut self) {
        for pending in self.group.drain(..) {
            tell(pending.work, Ending::Failed);
        }
    }

    fn rotate(&mut self) -> Result<(), Gone> {
        // What is renamed away is not synced later.
        self.sync_rest()?;
        match self.sink.rotate() {
            Ok(()) => self.metrics.rotations.add(1),
            Err(Broken::No(error)) => self.failed(&error),
            Err(Broken::Yes(error)) => return Err(Gone(error)),
        }
        Ok(())
    }

    /// How long nothing has to be done.
    fn patience(&self) -> Duration {
        match (self.policy, self.unsynced) {
            (SyncPolicy::Interval(interval), Some(since)) => interval.saturating_sub(since.elapsed()),
            _ => IDLE,
        }
    }

    fn sync_in_time(&mut self) -> Result<(), Gone> {
        if self.unsynced.is_some() && self.patience().is_zero() { self.sync_rest() } else { Ok(()) }
    }

    /// Syncs what was told already. A failure cannot be told to anybody but the operator.
    fn sync_rest(&mut self) -> Result<(), Gone> {
        if !matches!(self.policy, SyncPolicy::Interval(_)) || self.unsynced.take().is_none() {
            return Ok(());
        }
        match self.sink.sync_told() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.metrics.write_failures.add(1);
                Err(Gone(error))
            }
        }
    }

    fn failed(&mut self, error: &anyhow::Error) {
        self.metrics.write_failures.add(1);
        self.say(format!("{error:#}"));
    }

    /// Says what was not just said: a disk that is full fails every write.
    fn say(&mut self, text: String) {
        if self.said.as_ref().is_some_and(|(last, when)| *last == text && when.elapsed() < SAY_AGAIN) {
            return;
        }
        self.said = Some((text.clone(), Instant::now()));
        // Nobody listens any more: the run ends.
        drop(self.messages.send(Message::Say(text)));
    }
}

/// Whoever waited may be gone; its room is free in any case.
fn tell(work: Work, ending: Ending) {
    drop(work.room);
    let _ = work.done.send(ending);
}
