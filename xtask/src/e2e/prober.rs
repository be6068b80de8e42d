//! An independent witness of outages: it asks for `/readyz` every 20 ms, each time on a new connection, and notes from
//! when to when the answer was not 200, and what came instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use super::api_server::ApiServer;
use super::client::Client;

/// From one request to the next, by default.
const PERIOD: Duration = Duration::from_millis(20);
/// A slow answer from a busy machine does not count as an outage. In an outage nothing listens on the port, so a connection
/// is refused at once.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A running prober.
pub(super) struct Prober {
    stop: Arc<AtomicBool>,
    record: Arc<Mutex<Record>>,
    thread: JoinHandle<Result<Duration>>,
    begin: Instant,
    period: Duration,
}

/// What was seen since the witness began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Questions asked.
    pub(super) probes: u32,
    /// Times without API server that are over: from the first question without an answer 200 to the next such answer.
    outages: Vec<Duration>,
    /// When the outage that is not over began, counted from the witness's beginning.
    since: Option<Duration>,
    /// When a question without a good answer was asked, counted from the witness's beginning, and what came of it.
    pub(super) failures: Vec<(Duration, String)>,
}

impl Record {
    /// Notes an answer to the question asked at `asked`, which came, or did not, at `answered`.
    fn note(&mut self, answer: Result<u16>, asked: Duration, answered: Duration) {
        self.probes += 1;
        let failure = match answer {
            Ok(200) => {
                self.outages.extend(self.since.take().map(|since| answered.saturating_sub(since)));
                return;
            }
            Ok(status) => format!("status {status}"),
            Err(error) => format!("{error:#}"),
        };
        self.since.get_or_insert(asked);
        self.failures.push((asked, failure));
    }

    /// All outages together.
    pub(super) fn unavailable(&self) -> Duration {
        self.outages.iter().sum()
    }
}

impl Prober {
    /// Starts a witness of `api_server`.
    ///
    /// # Errors
    ///
    /// When the cluster's authority cannot be read.
    pub(super) fn start(api_server: &ApiServer<'_>) -> Result<Prober> {
        Ok(Prober::ask(Client::anonymous(api_server)?, PERIOD))
    }

    /// Starts a witness that asks as `client`, every `period`.
    pub(super) fn ask(client: Client, period: Duration) -> Prober {
        let stop = Arc::new(AtomicBool::new(false));
        let record = Arc::new(Mutex::new(Record::default()));
        let begin = Instant::now();
        let thread = thread::spawn({
            let (stop, record) = (Arc::clone(&stop), Arc::clone(&record));
            move || {
                client.enter_network()?;
                while !stop.load(Ordering::Relaxed) {
                    let asked = begin.elapsed();
                    let answer = client.get("/readyz", ANSWER_LIMIT).map(|answer| answer.status);
                    let answered = begin.elapsed();
                    lock(&record).note(answer, asked, answered);
                    thread::sleep((asked + period).saturating_sub(answered));
                }
                cost()
            }
        });
        Prober { stop, record, thread, begin, period }
    }

    /// Ends it. The API server must be ready again, or the last outage has no end.
    ///
    /// # Errors
    ///
    /// When it is not, or when the witness failed or was itself a burden to the machine.
    pub(super) fn finish(self) -> Result<Record> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(cost) = self.thread.join() else { bail!("the prober has panicked") };
        let (cost, elapsed) = (cost?, self.begin.elapsed());
        let record = lock(&self.record).clone();
        if let Some(since) = record.since {
            bail!("the API server has been unavailable for {:.1} s", (elapsed.saturating_sub(since)).as_secs_f64());
        }
        // A prober that loads the API server measures its own load. A caller with a shorter period accepts that. A
        // handshake takes 1 to 2 ms of the 20, more on a slow machine or one that has just started.
        ensure!(
            cost <= elapsed / 4 || self.period < PERIOD,
            "the prober took {} ms of {} ms",
            cost.as_millis(),
            elapsed.as_millis()
        );
        Ok(record)
    }
}

/// What this thread took of a processor so far.
fn cost() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).context("asking what the prober took")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn counts_from_the_first_failed_question_to_the_next_good_answer() {
        let mut record = Record::default();
        let answers = [(200, 0, 5), (500, 20, 21), (0, 40, 1040), (200, 1040, 1047), (200, 1060, 1065)];
        for (status, asked, answered) in answers.into_iter().chain([(503, 1080, 1081), (200, 1100, 1110)]) {
            let answer = if status == 0 { Err(anyhow!("timed out")) } else { Ok(status) };
            record.note(answer, Duration::from_millis(asked), Duration::from_millis(answered));
        }
        assert_eq!(record.unavailable(), Duration::from_millis(1047 - 20 + 1110 - 1080));
        assert_eq!((record.probes, record.outages.len(), record.since), (7, 2, None));
        let failures = [(20, "status 500"), (40, "timed out"), (1080, "status 503")];
        let failures = failures.map(|(asked, what)| (Duration::from_millis(asked), what.to_owned()));
        assert_eq!(record.failures, failures);
    }

    #[test]
    fn an_outage_without_an_end_is_not_counted() {
        let mut record = Record::default();
        record.note(Ok(500), Duration::from_millis(20), Duration::from_millis(21));
        assert_eq!((record.unavailable(), record.since), (Duration::ZERO, Some(Duration::from_millis(20))));
    }
}
