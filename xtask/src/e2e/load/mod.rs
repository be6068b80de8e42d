//! Clients of an API server, on the node and elsewhere, that notice the smallest outage: probers, writers, watches.

mod connection;
pub(super) mod elsewhere;
mod follower;
mod incoming;
pub(super) mod trail;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use self::follower::{Follower, Seen, lock, version};
use self::writer::{Writer, Written};
use super::api_server::ApiServer;
use super::client::Client;
use super::prober::Prober;
use crate::node::wait::wait_for;

/// Where the writers write.
const COLLECTION: &str = "/api/v1/namespaces/default/configmaps";
/// From one probe to the next.
const PERIOD: Duration = Duration::from_millis(20);
const FOLLOWERS: usize = 10;
/// Of each writer: whether it is on the node, and whether it keeps its connection.
const WRITERS: [(bool, bool); 4] = [(true, true), (true, false), (false, true), (false, false)];
/// A watch gets an event within milliseconds.
const SEEN_LIMIT: Duration = Duration::from_secs(10);

/// A load at work.
pub(super) struct Load {
    begin: Instant,
    /// One on the node, one elsewhere.
    probers: Vec<Prober>,
    writers: BTreeMap<String, JoinHandle<Result<Written>>>,
    followers: Vec<Following>,
    stop_writing: Signal,
    stop_following: Signal,
}

/// What a follower has seen so far, and its end.
type Following = (Arc<Mutex<Seen>>, JoinHandle<Result<()>>);

/// What the clients of a load observed.
pub(super) struct Figures {
    pub(super) seconds: f64,
    pub(super) requests: u32,
    /// Their descriptions, each with its time.
    pub(super) failures: Vec<String>,
    /// On the node, and elsewhere.
    pub(super) outages: Vec<Duration>,
    /// Requests that were made once more because a kept connection was closed.
    pub(super) redials: u32,
    /// Each watch's count of resumptions.
    pub(super) resumed: Vec<u32>,
    /// What the watches have missed, or were refused.
    pub(super) missed: Vec<String>,
    /// The `Audit-ID` of each write that succeeded.
    pub(super) identifiers: Vec<String>,
}

/// Tells threads to stop.
#[derive(Clone, Default)]
struct Signal(Arc<AtomicBool>);

impl Signal {
    fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Load {
    /// Starts one; `elsewhere` is the other network, `name` what tells its writes from those of others.
    ///
    /// # Errors
    ///
    /// When the API server does not answer.
    pub(super) fn start(api_server: &ApiServer<'_>, elsewhere: &Path, name: &str) -> Result<Load> {
        let anonymous = Client::anonymous(api_server)?;
        let client = Client::administrator(api_server)?;
        let place = |client: &Client, is_here: bool| {
            if is_here { client.clone() } else { client.clone().within(elsewhere.to_owned()) }
        };
        let version = in_network(&client, version)?;
        let begin = Instant::now();
        let (stop_writing, stop_following) = (Signal::default(), Signal::default());
        let followers = (0..FOLLOWERS)
            .map(|number| {
                let seen = Arc::<Mutex<Seen>>::default();
                let (client, version) = (place(&client, number % 2 == 0), version.clone());
                let follower = Follower { client, version, seen: Arc::clone(&seen) };
                let stop = stop_following.clone();
                (seen, thread::spawn(move || follower.run(&stop)))
            })
            .collect();
        let probers = [true, false]
            .map(|is_here| Prober::ask(place(&anonymous, is_here), PERIOD))
            .into_iter()
            .collect();
        let writers = WRITERS
            .into_iter()
            .enumerate()
            .map(|(number, (is_here, keeps))| {
                let (client, prefix) = (place(&client, is_here), format!("load-{name}-{number}."));
                let writer =
                    Writer { client, prefix: prefix.clone(), keeps, kept: None, written: Written::default() };
                let stop = stop_writing.clone();
                (prefix, thread::spawn(move || writer.run(&stop, begin)))
            })
            .collect();
        Ok(Load { begin, probers, writers, followers, stop_writing, stop_following })
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// When the API server is unavailable, or a client failed.
    pub(super) fn finish(self) -> Result<Figures> {
        self.stop_writing.give();
        let mut figures = Figures {
            seconds: self.begin.elapsed().as_secs_f64(),
            requests: 0,
            failures: Vec::new(),
            outages: Vec::new(),
            redials: 0,
            resumed: Vec::new(),
            missed: Vec::new(),
            identifiers: Vec::new(),
        };
        for (prober, place) in self.probers.into_iter().zip(["on the node", "elsewhere"]) {
            let record = prober.finish()?;
            figures.requests += record.probes;
            figures.outages.push(record.unavailable());
            figures.add_failures(place, record.failures);
        }
        let mut created = BTreeMap::new();
        for (prefix, writer) in self.writers {
            let written = join(writer)?;
            figures.requests += written.requests;
            figures.redials += written.redials;
            figures.identifiers.extend(written.identifiers);
            figures.add_failures("writer", written.failures);
            created.insert(prefix, written.created);
        }
        ensure!(created.values().all(|created| *created > 0), "a writer has written nothing: {created:?}");
        // What is still missing then is missed.
        let has_seen = |(seen, _): &Following| lock(seen).check(&created).is_ok();
        let _missed = wait_for("all watches to have seen everything", SEEN_LIMIT, || {
            Ok(self.followers.iter().all(has_seen).then_some(()))
        });
        self.stop_following.give();
        for (seen, follower) in self.followers {
            join(follower)?;
            let seen = lock(&seen).clone();
            figures.resumed.push(seen.resumed);
            figures.missed.extend(seen.check(&created).err().map(|error| format!("{error:#}")));
            figures
                .missed
                .extend((seen.lost > 0).then(|| format!("a watch was too late {} times", seen.lost)));
            figures.missed.extend(seen.refused.iter().map(|why| format!("a watch was refused: {why}")));
        }
        Ok(figures)
    }
}

impl Figures {
    fn add_failures(&mut self, whose: &str, failures: Vec<(Duration, String)>) {
        self.failures.extend(
            failures.into_iter().map(|(time, what)| format!("{:.3} s, {whose}: {what}", time.as_secs_f64())),
        );
    }

    /// Its numbers in one line.
    pub(super) fn line(&self) -> String {
        let Figures { seconds, requests, failures, outages, redials, resumed, missed, identifiers } = self;
        let outages: Vec<u128> = outages.iter().map(Duration::as_millis).collect();
        format!(
            "{requests} requests in {seconds:.0} s, {} failed; outage {outages:?} ms; {} writes, {redials} re-dialled; \
             {} watches resumed {} times, {} misses",
            failures.len(),
            identifiers.len(),
            resumed.len(),
            resumed.iter().sum::<u32>(),
            missed.len()
        )
    }

    /// Checks that no client noticed more than closed connections, at most `breaks` per client.
    ///
    /// # Errors
    ///
    /// When a client did.
    pub(super) fn require_none_failed(&self, breaks: u32) -> Result<()> {
        let Figures { failures, outages, resumed, missed, .. } = self;
        ensure!(failures.is_empty(), "{} requests failed: {}", failures.len(), failures.join("; "));
        ensure!(outages.iter().all(Duration::is_zero), "outages of {outages:?}");
        ensure!(missed.is_empty(), "watches: {}", missed.join("; "));
        ensure!(resumed.iter().all(|count| *count <= breaks), "watches broke {resumed:?} times");
        Ok(())
    }
}

/// Does something as a client that is in its network, in a thread of its own: this one stays where it is.
fn in_network<T: Send>(client: &Client, what: impl FnOnce(&Client) -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            client.enter_network()?;
            what(client)
        });
        let Ok(result) = thread.join() else { bail!("a client has panicked") };
        result
    })
}

fn join<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    let Ok(result) = thread.join() else { bail!("a client has panicked") };
    result
}
