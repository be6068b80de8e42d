//! Clients that connect continuously.

use super::peers::ask;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The pause of a client between two connections: a case makes fewer than 28,000, the number of ports of a client
/// address.
const PAUSE: Duration = Duration::from_millis(1);

/// The results of connections.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By the name of the server that answered.
    pub(crate) by: BTreeMap<char, u32>,
    /// Connections without an answer, with the reason.
    pub(crate) failures: Vec<String>,
}

impl Answers {
    pub(crate) fn total(&self) -> u32 {
        self.by.values().sum()
    }
}

/// Connects to each of `addresses`, with one client each, while `work` runs.
pub(crate) fn during(addresses: &[String], work: impl FnOnce()) -> Answers {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = addresses.iter().map(|to| scope.spawn(|| client(to, &is_over))).collect();
        work();
        is_over.store(true, Ordering::Relaxed);
        let mut all = Answers::default();
        for client in clients {
            let one = client.join().unwrap();
            all.failures.extend(one.failures);
            for (name, count) in one.by {
                *all.by.entry(name).or_default() += count;
            }
        }
        all
    })
}

fn client(to: &str, is_over: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    while !is_over.load(Ordering::Relaxed) {
        match ask(to) {
            Ok(name) => *answers.by.entry(name).or_default() += 1,
            Err(error) => answers.failures.push(format!("{to}: {error}")),
        }
        thread::sleep(PAUSE);
    }
    answers
}
