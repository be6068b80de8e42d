//! The surge pod's part of the protocol: started and verified before anything else changes, connections steered to it, and
//! removed at the end in every case.

use super::plan::steering_rule;
use super::{SurgeLog, SurgePlan};
use crate::node::Rule;
use crate::restart::forward::STABLE;
use crate::restart::proof::Proof;
use crate::restart::protocol::{Cause, Proven};
use crate::restart::revision::Revision;
use crate::restart::run::Run;
use crate::restart::server::Server;
use crate::transaction::steps::put;
use crate::transaction::{Phase, Surge};
use anyhow::Result;
use std::path::PathBuf;

impl Run<'_> {
    /// Starts the surge pod, verifies it, and steers new connections to it. The running API server is not affected; the pod
    /// has the planned configuration and runs with the real mounts, so that whatever would keep the planned API server
    /// from starting is seen here.
    pub(in crate::restart) fn start_surge_pod(&mut self, pod: &SurgePlan) -> Result<(), Cause> {
        self.journal.surge = Some(Surge { manifest: pod.path.clone(), port: pod.port, log: pod.log.clone() });
        self.enter(Phase::Surge)?;
        self.listener.step("starting a second API server with the new configuration beside the first");
        put(self.machine, &pod.path, Some(&pod.manifest))?;
        let wrong = |cause: Cause| cause.help("the running API server was not changed");
        let process =
            self.wait_until_healthy(&pod.revision, Server::Surge, &[], Some(STABLE)).map_err(wrong)?;
        self.prove(&pod.revision.proof).map_err(wrong)?;
        let every = Rule { exempt_own: false, ..pod.rule.clone() };
        self.machine.steer(&process, pod.port, &every).map_err(|error| {
            wrong(error.into()).help("to restart without a second API server: --restart=move")
        })?;
        self.listener.step("the second API server is verified; redirecting new connections to it");
        self.prove_steering(&self.context.before, &pod.revision.proof)?;
        self.finish_open_requests()
    }

    /// Makes a request to the API server's address, and waits for its event in the surge pod's log.
    fn prove_steering(&mut self, before: &Revision, proof: &Proof) -> Result<(), Cause> {
        let Proof::Event { asks, log, patience } = proof else { return Ok(()) };
        let endpoint = &before.readyz.endpoint;
        let mut asks = asks.clone();
        for ask in &mut asks {
            ask.endpoint = endpoint.clone();
        }
        match self.prove(&Proof::Event { asks, log: log.clone(), patience: *patience }) {
            Ok(Proven::Event(_) | Proven::Off | Proven::Unverifiable(_) | Proven::WebhookOnly(..)) => Ok(()),
            Err(cause) if cause.interrupt.is_some() => Err(cause),
            Err(_) => Err(Cause::new("new connections do not reach the second API server")
                .help("another program on this node redirects its connections")
                .help("to restart without a second API server: --restart=move")),
        }
    }

    /// Steers new connections to the surge pod again after an interrupted run, if the pod is still running.
    pub(in crate::restart) fn steer_again(&mut self) {
        let Some(surge) = self.journal.surge.clone() else { return };
        let Ok(servers) = self.servers(Server::Surge) else { return };
        let Some(process) = servers.first() else { return };
        if self.machine.steer(process, surge.port, &steering_rule(&self.context.before)).is_ok() {
            self.listener
                .step("redirecting new connections to the second API server, which is still running");
        }
    }

    /// Removes the surge pod, where there is one, and waits until it is gone.
    pub(in crate::restart) fn stop_surge_pod(&mut self) -> Result<(), Cause> {
        let Some(surge) = self.journal.surge.clone() else { return Ok(()) };
        let is_interruptible = std::mem::replace(&mut self.is_interruptible, false);
        let gone = self.remove_surge_pod(&surge);
        self.is_interruptible = is_interruptible;
        gone?;
        Ok(self.name_log(&surge)?)
    }

    fn remove_surge_pod(&mut self, surge: &Surge) -> Result<(), Cause> {
        if self.machine.stop_steering() {
            self.finish_open_requests()?;
        }
        self.listener.step("removing the second API server");
        self.machine.remove_file(&surge.manifest)?;
        self.wait_until_surge_gone(self.context.before.grace().max(self.context.after.grace()))
    }

    /// The file with its events after it is gone.
    pub(in crate::restart) fn surge_log(&self) -> Option<PathBuf> {
        let path = self.journal.surge.as_ref()?.log.as_deref()?;
        let name = SurgeLog::at(path)?.name_afterwards(path.file_name()?.to_str()?)?;
        Some(path.with_file_name(name))
    }

    /// Renames the surge pod's logs like rotated logs of the API server, so that they are kept and deleted with them.
    fn name_log(&mut self, surge: &Surge) -> Result<()> {
        let Some((path, log)) = surge.log.as_deref().and_then(|path| Some((path, SurgeLog::at(path)?)))
        else {
            return Ok(());
        };
        let Some(directory) = path.parent() else { return Ok(()) };
        for entry in self.machine.node().list(directory)? {
            if let Some(name) = log.name_afterwards(&entry.name) {
                // An existing file of that name is from another run: this one keeps its name, and nothing is lost.
                self.machine.move_file(&directory.join(&entry.name), &directory.join(name))?;
            }
        }
        Ok(())
    }
}
