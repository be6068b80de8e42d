//! A restart in progress.

use super::context::RestartContext;
use super::protocol::{Cause, Listener, Options};
use super::watch::Watch;
use crate::generation::Record;
use crate::node::Machine;
use crate::transaction::{Journal, Phase};
use anyhow::Result;
use std::collections::BTreeSet;
use std::time::Duration;

/// A restart in progress.
pub(super) struct Run<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) listener: &'a mut dyn Listener,
    pub(super) context: &'a RestartContext,
    pub(super) record: &'a Record,
    pub(super) options: Options,
    pub(super) journal: Journal,
    pub(super) watch: Watch,
    /// What clients on other machines see, where that differs.
    pub(super) outside: Option<Watch>,
    /// Pods that were seen to run an API server.
    pub(super) pods: BTreeSet<String>,
    /// Whether a signal stops it: not during a rollback.
    pub(super) is_interruptible: bool,
    /// Whether an API server was killed before its grace period ended.
    pub(super) killed: bool,
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

    /// How long the API server was unavailable: for clients elsewhere, and for the node itself where that differs.
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

    pub(super) fn enter(&mut self, phase: Phase) -> Result<(), Cause> {
        self.check_interrupt()?;
        let before = std::mem::replace(&mut self.journal.phase, phase);
        self.journal.write(self.machine).map_err(|error| {
            // The journal on disk has the previous phase, and the new phase was not begun.
            self.journal.phase = before;
            Cause::from(error)
        })
    }

    /// A change of the manifest by another program or person.
    pub(super) fn foreign(&self, message: impl Into<String>) -> Cause {
        Cause::foreign(&self.context.names.live, message)
    }

    pub(super) fn check_interrupt(&self) -> Result<(), Cause> {
        match self.machine.interrupt().filter(|_| self.is_interruptible) {
            Some(interrupt) => Err(Cause::interrupted(interrupt)),
            None => Ok(()),
        }
    }
}
