//! A log in memory, replayed.

use kaudit::lines::{Chunks, scan};
use kaudit::policy::{Policy, examine};
use kaudit::replay::{LogSums, Replay, Replayed, Talker, Tally};

/// The minor version of Kubernetes that policies are checked for.
const MINOR: u32 = 36;

/// How a log is read; nothing may depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub(crate) chunk: usize,
    pub(crate) line_limit: usize,
    pub(crate) threads: usize,
}

impl Default for How {
    fn default() -> Self {
        Self { chunk: 1 << 16, line_limit: 1 << 20, threads: 1 }
    }
}

pub(crate) fn policy(text: &str) -> Policy {
    examine(text, MINOR).policy.unwrap_or_else(|| panic!("refused: {text}"))
}

/// Reads logs one after the other.
pub(crate) fn read(policies: &[Policy], logs: &[&[u8]], how: How) -> Tally {
    let replay = Replay::new(policies);
    let mut tally = replay.start();
    for log in logs {
        let chunks = Chunks::with_sizes(*log, how.chunk, how.line_limit);
        scan(chunks, how.threads, |chunk| replay.read(chunk), |part| tally.absorb(part)).unwrap();
    }
    tally
}

/// What one policy makes of a log.
pub(crate) fn replay(policy: &Policy, log: &str) -> Replayed {
    let tally = read(std::slice::from_ref(policy), &[log.as_bytes()], How::default());
    assert_eq!(tally.log.malformed, 0, "{:?}", tally.log.malformed_at);
    Replayed::new(policy, &tally.policies[0])
}

/// All that is shown of a tally.
pub(crate) fn outcome(policies: &[Policy], tally: &Tally) -> (LogSums, Vec<Replayed>, Vec<Talker>) {
    let replayed = policies.iter().zip(&tally.policies).map(|(policy, days)| Replayed::new(policy, days));
    (tally.log.clone(), replayed.collect(), tally.talkers.top(usize::MAX, |share| share.today.bytes))
}
