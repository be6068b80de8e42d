//! Waiting for what the kubelet and the API server do. Every wait is for a condition, is bounded, shows its progress,
//! and on the way forward ends with a signal.

use super::diagnosis::{diagnose, is_lasting};
use super::process_match;
use super::protocol::Cause;
use super::revision::Revision;
use super::run::Run;
use super::server::Server;
use super::watch::{Look, is_serving};
use crate::node::Process;
use std::collections::BTreeSet;
use std::time::Duration;

/// Between two checks: short compared with the outage that is measured, long compared with the cost of a check.
const PACE: Duration = Duration::from_millis(50);
/// Between two lines of progress.
const REPORT: Duration = Duration::from_secs(10);
/// The kubelet kills after the grace period, and needs some time before and after it.
const BEYOND_GRACE: Duration = Duration::from_mins(1);
/// The pod's directory disappears about 0.7 s after the process (measured); a longer wait costs only time.
const CLEAN_UP_LIMIT: Duration = Duration::from_secs(20);
/// The directory disappears before the kubelet's worker releases the pod's name: up to 336 ms earlier in 20 moves
/// (measured), and at most 1.4 s by `pkg/kubelet/pod_workers.go`. A manifest that is added in between waits for the
/// back-off of 10–15 s: 2 of 8 did without this delay, 0 of 12 with half a second or more; busy nodes get some reserve.
const RELEASE: Duration = Duration::from_millis(750);
/// The delay where no pod is known to wait for.
const SETTLE: Duration = Duration::from_secs(3);
/// Clients that connected just before new connections were redirected still have to send their request. Of 16,744 requests,
/// a millisecond apart, 2 reached an API server that was just being stopped; with this delay 0 of 39,855 did.
const OPEN_REQUESTS: Duration = Duration::from_secs(2);
/// An API server that has exited so often will not become healthy.
const MOST_EXITS: u32 = 3;
/// A kubelet that has not started a container by then has logged the reason.
const NO_CONTAINER: Duration = Duration::from_secs(20);

/// What is waited for.
pub(super) struct Waiting<'a> {
    pub(super) what: &'a str,
    pub(super) normal: &'a str,
    pub(super) limit: Duration,
}

impl Run<'_> {
    /// Repeats `probe` until it returns a value; `None` when the limit has passed.
    pub(super) fn wait<T>(
        &mut self,
        waiting: &Waiting<'_>,
        mut probe: impl FnMut(&mut Self, Look) -> Result<Option<T>, Cause>,
    ) -> Result<Option<T>, Cause> {
        let begin = self.machine.clock();
        let mut reported = Duration::ZERO;
        loop {
            if let Some(interrupt) = self.machine.interrupt().filter(|_| self.is_interruptible) {
                return Err(Cause::interrupted(interrupt));
            }
            let look = self.watch.look(self.machine);
            if let Some(outside) = &mut self.outside {
                outside.look(self.machine);
            }
            if let Some(answer) = probe(self, look)? {
                return Ok(Some(answer));
            }
            let elapsed = self.machine.clock().saturating_sub(begin);
            if elapsed >= waiting.limit {
                return Ok(None);
            }
            if elapsed >= reported + REPORT {
                reported = elapsed;
                self.listener.waiting(waiting.what, elapsed, waiting.normal);
            }
            self.machine.pause(PACE);
        }
    }

    /// Waits until no API server of this node runs and the kubelet has finished with their pods.
    pub(super) fn wait_until_gone(&mut self, grace: Duration) -> Result<(), Cause> {
        let normal = match self.options.drain {
            Some(drain) => format!("{} s after it stops listening, because of --drain", drain.as_secs_f64()),
            None => format!("up to {} s, its grace period, with open watches", grace.as_secs()),
        };
        let waiting =
            Waiting { what: "the old API server to exit", normal: &normal, limit: grace + BEYOND_GRACE };
        let mut left: Vec<Process> = Vec::new();
        let gone = self.wait(&waiting, |run, look| {
            while let Some(process) = left.first() {
                if !run.machine.wait_for_exit(process, PACE)? {
                    run.end_early(&left, look)?;
                    return Ok(None);
                }
                left.remove(0);
            }
            left = run.servers(Server::Main)?;
            run.pods.extend(left.iter().filter_map(|process| process.pod_uid.clone()));
            Ok(left.is_empty().then_some(()))
        })?;
        if gone.is_none() {
            return Err(Cause::new("the kubelet did not stop the old API server")
                .help("check the kubelet's log: journalctl -u kubelet --since -5min"));
        }
        self.wait_for_clean_up()
    }

    /// Waits until the surge pod has ended and the kubelet has finished with it.
    pub(super) fn wait_until_surge_gone(&mut self, grace: Duration) -> Result<(), Cause> {
        let normal = format!("up to {} s, its grace period, with open watches", grace.as_secs());
        let waiting =
            Waiting { what: "the second API server to exit", normal: &normal, limit: grace + BEYOND_GRACE };
        let mut pods = BTreeSet::new();
        let begin = self.machine.clock();
        let mut is_seen = false;
        let gone = self.wait(&waiting, |run, _| {
            let servers = run.servers(Server::Surge)?;
            is_seen |= !servers.is_empty();
            pods.extend(servers.iter().filter_map(|process| process.pod_uid.clone()));
            // A kubelet that has just read the manifest starts the pod before it notices that the manifest is gone.
            let is_settled = is_seen || run.machine.clock().saturating_sub(begin) >= SETTLE;
            if !servers.is_empty() || !is_settled {
                return Ok(None);
            }
            for uid in &pods {
                if run.machine.has_pod_directory(uid)? {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })?;
        gone.ok_or_else(|| {
            Cause::new("the kubelet did not stop the second API server")
                .help("check the kubelet's log: journalctl -u kubelet --since -5min")
        })
    }

    /// Waits until requests on connections from before the redirection have been answered.
    pub(super) fn finish_open_requests(&mut self) -> Result<(), Cause> {
        let begin = self.machine.clock();
        let waiting = Waiting { what: "open requests to finish", normal: "2 s", limit: OPEN_REQUESTS * 2 };
        self.wait(&waiting, |run, _| {
            Ok((run.machine.clock().saturating_sub(begin) >= OPEN_REQUESTS).then_some(()))
        })
        .map(drop)
    }

    /// Kills processes that have not been listening for the time of `--drain`.
    fn end_early(&mut self, processes: &[Process], look: Look) -> Result<(), Cause> {
        let (Some(drain), Some(closed_for)) = (self.options.drain, look.closed_for) else { return Ok(()) };
        if closed_for >= drain {
            for process in processes {
                self.machine.kill(process)?;
            }
            self.killed = true;
        }
        Ok(())
    }

    fn wait_for_clean_up(&mut self) -> Result<(), Cause> {
        if self.pods.is_empty() {
            let begin = self.machine.clock();
            let waiting = Waiting { what: "the kubelet to settle", normal: "3 s", limit: SETTLE * 2 };
            self.wait(&waiting, |run, _| {
                Ok((run.machine.clock().saturating_sub(begin) >= SETTLE).then_some(()))
            })?;
            return Ok(());
        }
        let waiting =
            Waiting { what: "the kubelet to clean up the old pod", normal: "1 s", limit: CLEAN_UP_LIMIT };
        let mut gone_since = None;
        self.wait(&waiting, |run, _| {
            for uid in run.pods.clone() {
                if run.machine.has_pod_directory(&uid)? {
                    return Ok(None);
                }
            }
            let now = run.machine.clock();
            let since = *gone_since.get_or_insert(now);
            Ok((now.saturating_sub(since) >= RELEASE).then_some(()))
        })?;
        // Not gone in time: the kubelet starts the new pod nevertheless, only later.
        Ok(())
    }

    /// Waits for an API server that was started from `revision`'s manifest, in a pod that is not one of `avoid`, and that is
    /// healthy without a break for `healthy_for`; `None` waits only for the process.
    pub(super) fn wait_until_healthy(
        &mut self,
        revision: &Revision,
        which: Server,
        avoid: &[String],
        healthy_for: Option<Duration>,
    ) -> Result<Process, Cause> {
        let waiting = Waiting {
            what: "the API server to become healthy",
            normal: "5 s, or up to 45 s if the kubelet backs off",
            limit: self.options.timeout,
        };
        let begin = self.machine.clock();
        let mut current: Option<Process> = None;
        let mut ready_since = None;
        let mut exits = 0;
        let mut checked_kubelet = begin;
        let up = self.wait(&waiting, |run, look| {
            let servers = run.servers(which)?;
            if let Some(gone) = current.take_if(|process| !servers.contains(process)) {
                exits += 1;
                ready_since = None;
                run.check_exit(revision, &gone, exits)?;
            }
            if current.is_none() {
                current = servers.into_iter().find(|process| {
                    process.pod_uid.as_ref().is_none_or(|uid| !avoid.contains(uid))
                        && process_match::is_running(&revision.manifest, process)
                });
                if which == Server::Main {
                    run.pods.extend(current.iter().filter_map(|process| process.pod_uid.clone()));
                }
            }
            let now = run.machine.clock();
            let Some(process) = &current else {
                if exits == 0 && now.saturating_sub(checked_kubelet) >= NO_CONTAINER {
                    checked_kubelet = now;
                    run.check_kubelet(revision)?;
                }
                return Ok(None);
            };
            let Some(stable) = healthy_for else { return Ok(Some(process.clone())) };
            let is_ready = match which {
                Server::Main => look.is_ready,
                Server::Surge => is_serving(&run.machine.ask(&revision.readyz)),
            };
            if !is_ready || !revision.health.iter().all(|ask| is_serving(&run.machine.ask(ask))) {
                ready_since = None;
                return Ok(None);
            }
            let since = *ready_since.get_or_insert(now);
            Ok((now.saturating_sub(since) >= stable).then(|| process.clone()))
        })?;
        if let Some(process) = up {
            return Ok(process);
        }
        let last =
            self.machine.last_words(&revision.pod(), current.and_then(|process| process.pod_uid).as_deref());
        let seconds = self.options.timeout.as_secs();
        let message = format!("the API server did not become healthy within {seconds} s");
        Err(Cause::explained(&message, diagnose(&last.container, &last.kubelet)))
    }

    /// Fails if the API server exited too often, or for a reason that will not go away.
    fn check_exit(&mut self, revision: &Revision, gone: &Process, exits: u32) -> Result<(), Cause> {
        let last = self.machine.last_words(&revision.pod(), gone.pod_uid.as_deref());
        let reason = diagnose(&last.container, &last.kubelet);
        if exits < MOST_EXITS && !reason.as_ref().is_some_and(is_lasting) {
            return Ok(());
        }
        Err(Cause::explained("the API server exits right after its start", reason))
    }

    /// There is no container: fails if the kubelet logged a reason that will not go away.
    fn check_kubelet(&mut self, revision: &Revision) -> Result<(), Cause> {
        let last = self.machine.last_words(&revision.pod(), None);
        match diagnose(&last.container, &last.kubelet).filter(is_lasting) {
            Some(reason) => Err(Cause::explained("the kubelet does not start the API server", Some(reason))),
            None => Ok(()),
        }
    }
}
