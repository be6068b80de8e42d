//! The way forward: stage, out, in, proof. Each step is journalled before it is made.

use super::back::{go_back, unstage};
use super::protocol::{Cause, Done, Listener, Method, Options, Outcome, Proven};
use super::run::Run;
use super::scene::Scene;
use super::server::Server;
use super::watch::Watch;
use crate::generation::{self, Record};
use crate::node::{Machine, Moved};
use crate::transaction::steps::{make_directories, put, remove_directories};
use crate::transaction::{Journal, Phase};
use anyhow::{Result, anyhow};
use std::time::Duration;

/// An API server that has been healthy and proven for so long is taken for stable.
pub(super) const STABLE: Duration = Duration::from_secs(3);

/// Makes the change that `record` describes, restarts the API server and proves it; or goes back.
///
/// The caller holds the lock and has planned from what is there. A guardian outside of the operator's session has its
/// place around this call: from the first journal on, [`super::recover`] is all that it has to do.
pub fn restart(
    machine: &mut dyn Machine,
    listener: &mut dyn Listener,
    scene: &Scene,
    record: &Record,
    options: Options,
) -> Outcome {
    let mut journal = Journal::new(record.number, Phase::Staging, record.time.clone());
    journal.was_healthy = options.was_healthy;
    let mut run = Run::new(machine, listener, scene, record, options, journal);
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
                let scene = self.scene;
                let pod = scene.surge.as_ref().ok_or_else(|| anyhow!("there is no surge pod in the plan"))?;
                self.raise(pod)?;
                self.outside = pod.outside.clone().map(Watch::new);
                self.move_out()?;
                self.wait_until_gone(self.scene.before.grace())?;
                // An API server talks to itself while it starts, by a token that no other one knows.
                self.machine.exempt_own(true)?;
                self.move_in()?;
            }
            Method::Move => {
                self.move_out()?;
                self.wait_until_gone(self.scene.before.grace())?;
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
        put(self.machine, &self.scene.names.new, Some(manifest))?;
        self.machine.remove_file(&self.scene.names.old)?;
        self.check_interrupt()
    }

    fn move_out(&mut self) -> Result<(), Cause> {
        self.enter_window()?;
        let names = &self.scene.names;
        self.listener.step("the old manifest goes out; the kubelet ends the API server");
        match self.machine.move_file(&names.live, &names.old)? {
            Moved::Done => {}
            Moved::Occupied => return Err(self.foreign(format!("{} is in the way", names.old.display()))),
            Moved::Missing => return Err(self.foreign("somebody else moved the manifest away")),
        }
        if self.holds(&self.scene.names.old, self.manifest_before()?)? {
            return Ok(());
        }
        // Somebody's edit, made since the last look: it goes back where it was.
        self.machine.move_file(&names.old, &names.live)?;
        Err(self.foreign("somebody else edited the manifest in the same moment"))
    }

    fn move_in(&mut self) -> Result<(), Cause> {
        self.enter(Phase::In)?;
        let names = &self.scene.names;
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
        let names = &self.scene.names;
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
        if !self.holds(&self.scene.names.live, self.manifest_before()?)? {
            return Err(self.foreign("somebody else edited the manifest meanwhile"));
        }
        let servers = self.servers(Server::Main)?;
        self.journal.pods = servers.into_iter().filter_map(|process| process.pod_uid).collect();
        self.pods.extend(self.journal.pods.iter().cloned());
        self.enter(Phase::Out)
    }

    /// New process, health, proof, and no change of mind for some seconds.
    pub(super) fn verify(&mut self) -> Result<(Proven, i32), Cause> {
        let scene = self.scene;
        let old = self.journal.pods.clone();
        self.watch.turn_to(scene.after.readyz.clone());
        self.come_up(&scene.after, Server::Main, &old, Some(Duration::ZERO))?;
        self.listener.step("the API server is ready");
        let proven = self.prove(&scene.after.proof)?;
        let process = self.come_up(&scene.after, Server::Main, &old, Some(STABLE))?;
        if !self.holds(&scene.names.live, self.manifest_after()?)? {
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
        self.lower().map_err(|cause| anyhow!("{cause}"))?;
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
