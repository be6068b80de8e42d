//! The writer thread. It writes all waiting requests, syncs once, and then answers them.

use super::file::WriteError;
use super::memory_budget::Reservation;
use super::options::SyncPolicy;
use super::sink::{Mark, Sink};
use crate::receive::{Metrics, Repeats, Written};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// The maximum number of bytes per sync: the first request waits for all of them.
const GROUP: usize = 16 << 20;
/// The minimum time before the same message is repeated.
const SAY_AGAIN: Duration = Duration::from_mins(1);
/// How long to wait for work if nothing has to be synced.
const IDLE: Duration = Duration::from_hours(1);

/// The formatted events of one request.
pub(super) struct Work {
    /// The bytes to write.
    pub(super) bytes: Vec<u8>,
    /// The number of events.
    pub(super) written: Written,
    /// The SHA-256 of the request body.
    pub(super) digest: [u8; 32],
    /// Memory, released after the write.
    pub(super) reservation: Reservation,
    /// Receives the result.
    pub(super) done: oneshot::Sender<Ending>,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The events are written, and synced if configured: now, or by an earlier identical request.
    Written,
    /// Nothing was written.
    Failed,
}

/// A command for the writer.
enum Command {
    Write(Work),
    Reopen,
}

/// A message from the writer.
#[derive(Debug)]
pub(super) enum Message {
    /// A line for the operator.
    Say(String),
    /// The output failed, and the writer ended.
    Broken(String),
}

/// The sender of commands. The writer finishes when the last one is dropped.
#[derive(Clone)]
pub(super) struct Commands(Sender<Command>);

impl Commands {
    /// Queues the events of a request; `false`: the writer ended.
    pub(super) fn write(&self, work: Work) -> bool {
        self.0.send(Command::Write(work)).is_ok()
    }

    /// Opens the file again.
    pub(super) fn reopen(&self) {
        // If the writer ended, there is no file.
        drop(self.0.send(Command::Reopen));
    }
}

/// Starts the writer.
pub(super) fn start(
    sink: Sink,
    policy: SyncPolicy,
    remembered: usize,
    metrics: Arc<Metrics>,
    messages: UnboundedSender<Message>,
) -> (Commands, JoinHandle<()>) {
    let (commands, work) = mpsc::channel();
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
    (Commands(commands), thread::spawn(move || writer.run(&work)))
}

struct Writer {
    sink: Sink,
    policy: SyncPolicy,
    repeats: Repeats,
    metrics: Arc<Metrics>,
    messages: UnboundedSender<Message>,
    /// With [`SyncPolicy::Interval`]: the time of the first write that is not synced.
    unsynced: Option<Instant>,
    /// Requests that are written, or repeat written ones, and are not answered yet.
    group: Vec<Pending>,
    /// The last line for the operator.
    said: Option<(String, Instant)>,
}

/// A request that waits for the sync.
struct Pending {
    work: Work,
    /// It repeats a request that was written, or an earlier one of the group.
    is_repeated: bool,
}

/// The output failed.
struct OutputFailed(anyhow::Error);

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        match self.serve(commands) {
            Ok(()) => {}
            Err(OutputFailed(error)) => {
                self.fail_group();
                // The receiver is gone only when the server ends.
                drop(self.messages.send(Message::Broken(format!("{error:#}"))));
            }
        }
    }

    fn serve(&mut self, commands: &Receiver<Command>) -> Result<(), OutputFailed> {
        loop {
            match commands.recv_timeout(self.time_until_sync()) {
                Ok(first) => self.take(first, commands)?,
                Err(RecvTimeoutError::Timeout) => self.sync_in_time()?,
                Err(RecvTimeoutError::Disconnected) => return self.sync_rest(),
            }
        }
    }

    /// Processes `first` and what waits behind it, up to a limit.
    fn take(&mut self, first: Command, commands: &Receiver<Command>) -> Result<(), OutputFailed> {
        let mut mark = self.sink.mark();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Reopen => {
                    self.settle(mark)?;
                    self.sync_rest()?;
                    if let Err(error) = self.sink.reopen() {
                        self.say(format!("{error:#}"));
                    }
                    mark = self.sink.mark();
                }
                Command::Write(work) => {
                    bytes += work.bytes.len();
                    if self.sink.is_full(work.bytes.len()) {
                        self.settle(mark)?;
                        self.rotate()?;
                        mark = self.sink.mark();
                    }
                    self.write(work)?;
                }
            }
            next = if bytes < GROUP { commands.try_recv().ok() } else { None };
        }
        self.settle(mark)?;
        self.sync_in_time()
    }

    fn write(&mut self, work: Work) -> Result<(), OutputFailed> {
        let is_pending = self.group.iter().any(|pending| pending.work.digest == work.digest);
        let is_repeated = self.repeats.contains(&work.digest) || (is_pending && self.repeats.is_on());
        if is_repeated {
            self.group.push(Pending { work, is_repeated });
            return Ok(());
        }
        match self.sink.write(&work.bytes) {
            Ok(()) => self.group.push(Pending { work, is_repeated }),
            Err(WriteError::Recoverable(error)) => {
                self.failed(&error);
                tell(work, Ending::Failed);
            }
            Err(WriteError::Fatal(error)) => {
                self.metrics.write_failures.add(1);
                tell(work, Ending::Failed);
                return Err(OutputFailed(error));
            }
        }
        Ok(())
    }

    /// Syncs the group if its requests wait for that, and answers them.
    fn settle(&mut self, mark: Mark) -> Result<(), OutputFailed> {
        if self.group.iter().all(|pending| pending.is_repeated) {
            self.tell_group();
            return Ok(());
        }
        if self.policy.is_batch() {
            match self.sink.sync(mark) {
                Ok(()) => {}
                Err(WriteError::Recoverable(error)) => {
                    self.failed(&error);
                    self.fail_group();
                    return Ok(());
                }
                Err(WriteError::Fatal(error)) => {
                    self.metrics.write_failures.add(1);
                    return Err(OutputFailed(error));
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

    fn rotate(&mut self) -> Result<(), OutputFailed> {
        // After the rename the old file is not synced any more.
        self.sync_rest()?;
        match self.sink.rotate() {
            Ok(()) => self.metrics.rotations.add(1),
            Err(WriteError::Recoverable(error)) => self.failed(&error),
            Err(WriteError::Fatal(error)) => return Err(OutputFailed(error)),
        }
        Ok(())
    }

    /// The time until something must be synced.
    fn time_until_sync(&self) -> Duration {
        match (self.policy, self.unsynced) {
            (SyncPolicy::Interval(interval), Some(since)) => interval.saturating_sub(since.elapsed()),
            _ => IDLE,
        }
    }

    fn sync_in_time(&mut self) -> Result<(), OutputFailed> {
        if self.unsynced.is_some() && self.time_until_sync().is_zero() { self.sync_rest() } else { Ok(()) }
    }

    /// Syncs events whose requests are already answered. Only the operator can be told about a failure.
    fn sync_rest(&mut self) -> Result<(), OutputFailed> {
        if !matches!(self.policy, SyncPolicy::Interval(_)) || self.unsynced.take().is_none() {
            return Ok(());
        }
        match self.sink.sync_answered() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.metrics.write_failures.add(1);
                Err(OutputFailed(error))
            }
        }
    }

    fn failed(&mut self, error: &anyhow::Error) {
        self.metrics.write_failures.add(1);
        self.say(format!("{error:#}"));
    }

    /// Sends a message unless it was just sent: on a full disk every write fails.
    fn say(&mut self, text: String) {
        if self.said.as_ref().is_some_and(|(last, when)| *last == text && when.elapsed() < SAY_AGAIN) {
            return;
        }
        self.said = Some((text.clone(), Instant::now()));
        // The receiver is gone only when the server ends.
        drop(self.messages.send(Message::Say(text)));
    }
}

/// The client may be gone; the memory is released in any case.
fn tell(work: Work, ending: Ending) {
    drop(work.reservation);
    let _ = work.done.send(ending);
}
