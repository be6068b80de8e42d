//! An independent prober that measures outages: it requests `/readyz` every 20 ms, each time on a new connection, and
//! records when the response was not 200, and the failures.

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

/// What the prober has observed since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The number of requests.
    pub(super) probes: u32,
    /// Outages that have ended: each from the first request without a response 200 to the next response 200.
    outages: Vec<Duration>,
    /// When the current outage began, counted from the start of the prober.
    since: Option<Duration>,
    /// When each failed request was sent, counted from the start of the prober, and its failure.
    pub(super) failures: Vec<(Duration, String)>,
}

impl Record {
    /// Records the result, at `answered`, of the request that was sent at `asked`.
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

    /// The total duration of all outages.
    pub(super) fn unavailable(&self) -> Duration {
        self.outages.iter().sum()
    }
}

impl Prober {
    /// Starts a prober of `api_server`.
    ///
    /// # Errors
    ///
    /// When the cluster's authority cannot be read.
    pub(super) fn start(api_server: &ApiServer<'_>) -> Result<Prober> {
        Ok(Prober::ask(Client::anonymous(api_server)?, PERIOD))
    }

    /// Starts a prober that sends a request as `client` every `period`.
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

    /// Stops the prober. The API server must be ready again, so that the last outage has an end.
    ///
    /// # Errors
    ///
    /// When the API server is not ready, or when the prober failed or used too much processor time.
    pub(super) fn finish(self) -> Result<Record> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(cost) = self.thread.join() else { bail!("the prober has panicked") };
        let (cost, elapsed) = (cost?, self.begin.elapsed());
        let record = lock(&self.record).clone();
        if let Some(since) = record.since {
            bail!(
                "the API server has been unavailable for {:.1} s",
                (elapsed.saturating_sub(since)).as_secs_f64()
            );
        }
        // A prober that loads the API server measures its own load. A caller with a shorter period accepts that. A
        // handshake takes 1 to 2 ms of the 20, more on a slow machine or one that has just started.
        ensure!(
            cost <= elapsed / 4 || self.period < PERIOD,
            "the prober used {} ms of processor time in {} ms",
            cost.as_millis(),
            elapsed.as_millis()
        );
        Ok(record)
    }
}

/// The processor time that this thread has used so far.
fn cost() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).context("reading the processor time of the prober")?;
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
    fn measures_from_the_first_failed_request_to_the_next_success() {
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
