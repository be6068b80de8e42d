//! The way forward: stage, out, in, proof. Each step is journalled before it is made.

use super::back::{go_back, unstage};
use super::context::RestartContext;
use super::protocol::{Cause, Done, Listener, Method, Options, Outcome, Proven};
use super::server::Server;
use super::watch::Watch;
use crate::generation::{self, Record};
use crate::node::{Machine, Moved};
use crate::transaction::steps::{make_directories, put, remove_directories};
use crate::transaction::{Journal, Phase};
use anyhow::{Result, anyhow};
use std::collections::BTreeSet;
use std::time::Duration;

/// An API server that has been healthy and proven for so long is taken for stable.
pub(super) const STABLE: Duration = Duration::from_secs(3);

/// A restart under way.
pub(super) struct Run<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) listener: &'a mut dyn Listener,
    pub(super) context: &'a RestartContext,
    pub(super) record: &'a Record,
    pub(super) options: Options,
    pub(super) journal: Journal,
    pub(super) watch: Watch,
    /// What clients elsewhere see, where that is another thing.
    pub(super) outside: Option<Watch>,
    /// Pods that were seen to run an API server.
    pub(super) pods: BTreeSet<String>,
    /// Whether a signal ends it: on the way forward only.
    pub(super) is_interruptible: bool,
    /// Whether an API server was ended early.
    pub(super) killed: bool,
}

/// Makes the change that `record` describes, restarts the API server and proves it; or goes back.
///
/// The caller holds the lock and has planned from what is there. A guardian outside of the operator's session has its
/// place around this call: from the first journal on, [`super::recover`] is all that it has to do.
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

impl<'a> Run<'a> {
    pub(super) fn new(
        machine: &'a mut dyn Machine,
        listener: &'a mut dyn Listener,
        context: &'a RestartContext,
        record: &'a Record,
        options: Options,
        journal: Journal,
    ) -> Self {
        let watch = Watch::new(context.before.readyz.clone());
        let pods = journal.pods.iter().cloned().collect();
        Self {
            machine,
            listener,
            context,
            record,
            options,
            journal,
            watch,
            outside: None,
            pods,
            is_interruptible: true,
            killed: false,
        }
    }

    fn forward(&mut self) -> Result<(Proven, i32), Cause> {
        self.stage()?;
        match self.options.method {
            Method::Surge => {
                let context = self.context;
                let pod =
                    context.surge.as_ref().ok_or_else(|| anyhow!("there is no surge pod in the plan"))?;
                self.start_surge_pod(pod)?;
                self.outside = pod.outside.clone().map(Watch::new);
                self.move_out()?;
                self.wait_until_gone(self.context.before.grace())?;
                // An API server talks to itself while it starts, by a token that no other one knows.
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

    /// Everything that the API server does not see yet.
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
        self.listener.step("the old manifest goes out; the kubelet ends the API server");
        match self.machine.move_file(&names.live, &names.old)? {
            Moved::Done => {}
            Moved::Occupied => return Err(self.foreign(format!("{} is in the way", names.old.display()))),
            Moved::Missing => return Err(self.foreign("somebody else moved the manifest away")),
        }
        if self.holds(&self.context.names.old, self.manifest_before()?)? {
            return Ok(());
        }
        // Somebody's edit, made since the last look: it goes back where it was.
        self.machine.move_file(&names.old, &names.live)?;
        Err(self.foreign("somebody else edited the manifest in the same moment"))
    }

    fn move_in(&mut self) -> Result<(), Cause> {
        self.enter(Phase::In)?;
        let names = &self.context.names;
        self.listener.step("the new manifest goes in; the kubelet starts the API server");
        match self.machine.move_file(&names.new, &names.live)? {
            Moved::Done => Ok(()),
            Moved::Occupied => Err(self
                .foreign("somebody else put a manifest in place while the API server was being restarted")),
            Moved::Missing => Err(Cause::new(format!("{} is gone", names.new.display()))),
        }
    }

    fn exchange(&mut self) -> Result<(), Cause> {
        self.enter_window()?;
        self.enter(Phase::In)?;
        let names = &self.context.names;
        self.listener
            .step("the manifest is exchanged in place; the kubelet restarts the API server in its own time");
        self.machine.exchange_files(&names.new, &names.live)?;
        if self.holds(&names.new, self.manifest_before()?)? {
            return Ok(());
        }
        self.machine.exchange_files(&names.new, &names.live)?;
        Err(self.foreign("somebody else edited the manifest in the same moment"))
    }

    /// The last look before the API server is touched, and who runs then.
    fn enter_window(&mut self) -> Result<(), Cause> {
        if !self.holds(&self.context.names.live, self.manifest_before()?)? {
            return Err(self.foreign("somebody else edited the manifest meanwhile"));
        }
        let servers = self.servers(Server::Main)?;
        self.journal.pods = servers.into_iter().filter_map(|process| process.pod_uid).collect();
        self.pods.extend(self.journal.pods.iter().cloned());
        self.enter(Phase::Out)
    }

    /// New process, health, proof, and no change of mind for some seconds.
    pub(super) fn verify(&mut self) -> Result<(Proven, i32), Cause> {
        let context = self.context;
        let old = self.journal.pods.clone();
        self.watch.turn_to(context.after.readyz.clone());
        self.wait_until_healthy(&context.after, Server::Main, &old, Some(Duration::ZERO))?;
        self.listener.step("the API server is ready");
        let proven = self.prove(&context.after.proof)?;
        let process = self.wait_until_healthy(&context.after, Server::Main, &old, Some(STABLE))?;
        if !self.holds(&context.names.live, self.manifest_after()?)? {
            return Err(self.foreign("somebody else edited the manifest meanwhile"));
        }
        Ok((proven, process.pid))
    }

    /// What is left to do once the new API server is proven. A failure here is no reason to go back.
    pub(super) fn finish(&mut self, proven: Proven, pid: i32) -> Done {
        let (unavailable, unavailable_to_itself) = self.unavailable();
        // Twice: what failed once for want of a moment's memory or space is not left to the next run.
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

    /// How long there was no API server for others, and for the node itself where that is another thing.
    pub(super) fn unavailable(&self) -> (Duration, Option<Duration>) {
        let now = self.machine.clock();
        let own = self.watch.unavailable(now);
        match &self.outside {
            Some(outside) => (outside.unavailable(now), Some(own)),
            None => (own, None),
        }
    }

    pub(super) fn remove_dot_files(&mut self) -> Result<()> {
        self.machine.remove_file(&self.context.names.new)?;
        self.machine.remove_file(&self.context.names.old)
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

    pub(super) fn enter(&mut self, phase: Phase) -> Result<(), Cause> {
        self.check_interrupt()?;
        let before = std::mem::replace(&mut self.journal.phase, phase);
        self.journal.write(self.machine).map_err(|error| {
            // What is on disk says the phase before, and nothing of this one has been done.
            self.journal.phase = before;
            Cause::from(error)
        })
    }

    /// Somebody else's change of the manifest.
    pub(super) fn foreign(&self, words: impl Into<String>) -> Cause {
        Cause::foreign(&self.context.names.live, words)
    }

    fn check_interrupt(&self) -> Result<(), Cause> {
        match self.machine.interrupt().filter(|_| self.is_interruptible) {
            Some(interrupt) => Err(Cause::interrupted(interrupt)),
            None => Ok(()),
        }
    }
}
