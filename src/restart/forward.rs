//! The change: stage the files, move the old manifest out and the new one in, verify. Each step is journalled before it
//! is made.

use super::back::{go_back, unstage};
use super::context::RestartContext;
use super::protocol::{Cause, Done, Listener, Method, Options, Outcome, Proven};
use super::run::Run;
use super::server::Server;
use super::watch::Watch;
use crate::generation::{self, Record};
use crate::node::{Machine, Moved};
use crate::transaction::steps::{make_directories, put, remove_directories};
use crate::transaction::{Journal, Phase};
use anyhow::{Result, anyhow};
use std::time::Duration;

/// An API server that has been healthy for so long counts as stable.
pub(super) const STABLE: Duration = Duration::from_secs(3);

/// Makes the change that `record` describes, restarts the API server and verifies it; or rolls back.
///
/// The caller holds the lock and has made the plan from the present state. From the first journal entry on,
/// [`super::recover`] is all that is needed to complete or roll back an interrupted run.
pub fn restart(
    machine: &mut dyn Machine,
    listener: &mut dyn Listener,
    context: &RestartContext,
    record: &Record,
    options: Options,
) -> Outcome {
    let mut journal = Journal::new(record.number, Phase::Staging, record.time.clone());
    journal.was_healthy = options.was_healthy;
    let mut run = Run::new(machine, listener, context, record, options, journal);
    match run.forward() {
        Ok((proven, pid)) => Outcome::Done(run.finish(proven, pid)),
        Err(cause) => run.end(cause),
    }
}

impl Run<'_> {
    fn forward(&mut self) -> Result<(Proven, i32), Cause> {
        self.stage()?;
        match self.options.method {
            Method::Surge => {
                let context = self.context;
                let pod = context.surge.as_ref().ok_or_else(|| anyhow!("the plan has no surge pod"))?;
                self.start_surge_pod(pod)?;
                self.outside = pod.outside.clone().map(Watch::new);
                self.move_out()?;
                self.wait_until_gone(self.context.before.grace())?;
                // A starting API server sends requests to itself, with a token that no other API server accepts.
                self.machine.exempt_own(true)?;
                self.move_in()?;
            }
            Method::Move => {
                self.move_out()?;
                self.wait_until_gone(self.context.before.grace())?;
                self.move_in()?;
            }
            Method::Rewrite => self.exchange()?,
        }
        self.verify()
    }

    /// Writes everything that the running API server does not read.
    fn stage(&mut self) -> Result<(), Cause> {
        self.check_interrupt()?;
        self.journal.write(self.machine)?;
        generation::save(self.machine, self.record)?;
        make_directories(self.machine, self.record)?;
        for file in self.early_files() {
            put(self.machine, &file.path, file.after.as_ref())?;
        }
        let manifest = self.manifest_after()?;
        put(self.machine, &self.context.names.new, Some(manifest))?;
        self.machine.remove_file(&self.context.names.old)?;
        self.check_interrupt()
    }

    fn move_out(&mut self) -> Result<(), Cause> {
        self.enter_window()?;
        let names = &self.context.names;
        self.listener.step("removing the old manifest; the kubelet stops the API server");
        match self.machine.move_file(&names.live, &names.old)? {
            Moved::Done => {}
            Moved::Occupied => return Err(self.foreign(format!("{} already exists", names.old.display()))),
            Moved::Missing => {
                return Err(self.foreign("the manifest was removed by another program or person"));
            }
        }
        if self.holds(&self.context.names.old, self.manifest_before()?)? {
            return Ok(());
        }
        // A foreign edit, made since the last check: it is moved back.
        self.machine.move_file(&names.old, &names.live)?;
        Err(self.foreign("the manifest was edited by another program or person at the same moment"))
    }

    fn move_in(&mut self) -> Result<(), Cause> {
        self.enter(Phase::In)?;
        let names = &self.context.names;
        self.listener.step("adding the new manifest; the kubelet starts the API server");
        match self.machine.move_file(&names.new, &names.live)? {
            Moved::Done => Ok(()),
            Moved::Occupied => {
                Err(self.foreign("another program or person created a manifest during the restart"))
            }
            Moved::Missing => Err(Cause::new(format!("{} does not exist any more", names.new.display()))),
        }
    }

    fn exchange(&mut self) -> Result<(), Cause> {
        self.enter_window()?;
        self.enter(Phase::In)?;
        let names = &self.context.names;
        self.listener.step("replacing the manifest in place; the kubelet restarts the API server");
        self.machine.exchange_files(&names.new, &names.live)?;
        if self.holds(&names.new, self.manifest_before()?)? {
            return Ok(());
        }
        self.machine.exchange_files(&names.new, &names.live)?;
        Err(self.foreign("the manifest was edited by another program or person at the same moment"))
    }

    /// The last check before the API server is stopped; remembers its pods.
    fn enter_window(&mut self) -> Result<(), Cause> {
        if !self.holds(&self.context.names.live, self.manifest_before()?)? {
            return Err(self.foreign("the manifest was edited by another program or person during the run"));
        }
        let servers = self.servers(Server::Main)?;
        self.journal.pods = servers.into_iter().filter_map(|process| process.pod_uid).collect();
        self.pods.extend(self.journal.pods.iter().cloned());
        self.enter(Phase::Out)
    }

    /// Waits for the new process, its health and an event, and that it stays healthy for some seconds.
    pub(super) fn verify(&mut self) -> Result<(Proven, i32), Cause> {
        let context = self.context;
        let old = self.journal.pods.clone();
        self.watch.turn_to(context.after.readyz.clone());
        self.wait_until_healthy(&context.after, Server::Main, &old, Some(Duration::ZERO))?;
        self.listener.step("the API server is ready");
        let proven = self.prove(&context.after.proof)?;
        let process = self.wait_until_healthy(&context.after, Server::Main, &old, Some(STABLE))?;
        if !self.holds(&context.names.live, self.manifest_after()?)? {
            return Err(self.foreign("the manifest was edited by another program or person during the run"));
        }
        Ok((proven, process.pid))
    }

    /// The cleanup after the new API server is verified. A failure here is not a reason to roll back.
    pub(super) fn finish(&mut self, proven: Proven, pid: i32) -> Done {
        let (unavailable, unavailable_to_itself) = self.unavailable();
        // Tried twice: a short lack of memory or disk space is not left to the next run.
        let untidy = self.tidy().or_else(|_| self.tidy()).err().map(|error| format!("{error:#}"));
        Done {
            unavailable,
            unavailable_to_itself,
            surge_log: self.surge_log(),
            killed: self.killed,
            pid: Some(pid),
            proven,
            untidy,
        }
    }

    pub(super) fn tidy(&mut self) -> Result<()> {
        self.journal.phase = Phase::Proven;
        self.journal.write(self.machine)?;
        for file in self.late_files() {
            put(self.machine, &file.path, file.after.as_ref())?;
        }
        remove_directories(self.machine, self.record)?;
        self.remove_dot_files()?;
        self.stop_surge_pod().map_err(|cause| anyhow!("{cause}"))?;
        Journal::remove(self.machine)
    }

    /// The end of a run that failed.
    fn end(&mut self, cause: Cause) -> Outcome {
        self.is_interruptible = false;
        if matches!(self.journal.phase, Phase::Staging | Phase::Surge) {
            return match unstage(self) {
                Ok(()) => Outcome::Refused(cause),
                Err(error) => Outcome::Stuck { cause, undoing: Some(error) },
            };
        }
        go_back(self, cause)
    }
}
