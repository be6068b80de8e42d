//! The surge pod's part of the protocol: up and proven before anything is touched, clients steered to it, and gone at
//! the end, whatever the end is.

use super::plan::steering_rule;
use super::{SurgeLog, SurgePlan};
use crate::node::Rule;
use crate::restart::context::Revision;
use crate::restart::forward::{Run, STABLE};
use crate::restart::proof::Proof;
use crate::restart::protocol::{Cause, Proven};
use crate::restart::server::Server;
use crate::transaction::steps::put;
use crate::transaction::{Phase, Surge};
use anyhow::Result;
use std::path::PathBuf;

impl Run<'_> {
    /// Brings the surge pod up, proves it, and lets new connections go to it. The API server that runs does not notice;
    /// the pod is the planned configuration, run by the kubelet with the real mounts, so that whatever would keep the
    /// planned API server down shows here.
    pub(in crate::restart) fn start_surge_pod(&mut self, pod: &SurgePlan) -> Result<(), Cause> {
        self.journal.surge = Some(Surge { manifest: pod.path.clone(), port: pod.port, log: pod.log.clone() });
        self.enter(Phase::Surge)?;
        self.listener.step("a second API server with the new configuration comes up beside the first");
        put(self.machine, &pod.path, Some(&pod.manifest))?;
        let wrong = |cause: Cause| cause.help("the API server that runs was not touched");
        let process =
            self.wait_until_healthy(&pod.revision, Server::Surge, &[], Some(STABLE)).map_err(wrong)?;
        self.prove(&pod.revision.proof).map_err(wrong)?;
        let every = Rule { exempt_own: false, ..pod.rule.clone() };
        self.machine
            .steer(&process, pod.port, &every)
            .map_err(|error| wrong(error.into()).help("without it: --restart=move"))?;
        self.listener.step("it is proven; new connections go to it");
        self.prove_steering(&self.context.before, &pod.revision.proof)?;
        self.finish_open_requests()
    }

    /// A request to the API server's own address, whose event comes to the surge pod's log.
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
                .help("something on this node decides otherwise about its connections")
                .help("without it: --restart=move")),
        }
    }

    /// Lets new connections go to the surge pod again, after a death: as far as it is there and can be reached.
    pub(in crate::restart) fn steer_again(&mut self) {
        let Some(surge) = self.journal.surge.clone() else { return };
        let Ok(servers) = self.servers(Server::Surge) else { return };
        let Some(process) = servers.first() else { return };
        if self.machine.steer(process, surge.port, &steering_rule(&self.context.before)).is_ok() {
            self.listener.step("new connections go to the second API server that is still there");
        }
    }

    /// Takes the surge pod away, where there is one, and waits until it is gone.
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
        self.listener.step("the second API server goes");
        self.machine.remove_file(&surge.manifest)?;
        self.wait_until_surge_gone(self.context.before.grace().max(self.context.after.grace()))
    }

    /// Where its events lie when it is gone.
    pub(in crate::restart) fn surge_log(&self) -> Option<PathBuf> {
        let path = self.journal.surge.as_ref()?.log.as_deref()?;
        let name = SurgeLog::at(path)?.name_afterwards(path.file_name()?.to_str()?)?;
        Some(path.with_file_name(name))
    }

    /// Names what the surge pod logged as the API server names its rotated logs, so that it is kept and thrown away with
    /// them.
    fn name_log(&mut self, surge: &Surge) -> Result<()> {
        let Some((path, log)) = surge.log.as_deref().and_then(|path| Some((path, SurgeLog::at(path)?)))
        else {
            return Ok(());
        };
        let Some(directory) = path.parent() else { return Ok(()) };
        for entry in self.machine.node().list(directory)? {
            if let Some(name) = log.name_afterwards(&entry.name) {
                // One that is there already is of another run: this one keeps its name, and nothing is lost.
                self.machine.move_file(&directory.join(&entry.name), &directory.join(name))?;
            }
        }
        Ok(())
    }
}
