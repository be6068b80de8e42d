//! A restart under way.

use super::protocol::{Cause, Listener, Options};
use super::scene::Scene;
use super::watch::Watch;
use crate::generation::Record;
use crate::node::Machine;
use crate::transaction::{Journal, Phase};
use anyhow::Result;
use std::collections::BTreeSet;
use std::time::Duration;

/// A restart under way.
pub(super) struct Run<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) listener: &'a mut dyn Listener,
    pub(super) scene: &'a Scene,
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

impl<'a> Run<'a> {
    pub(super) fn new(
        machine: &'a mut dyn Machine,
        listener: &'a mut dyn Listener,
        scene: &'a Scene,
        record: &'a Record,
        options: Options,
        journal: Journal,
    ) -> Self {
        let watch = Watch::new(scene.before.readyz.clone());
        let pods = journal.pods.iter().cloned().collect();
        Self {
            machine,
            listener,
            scene,
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

    pub(super) fn enter(&mut self, phase: Phase) -> Result<(), Cause> {
        self.check_interrupt()?;
        let before = std::mem::replace(&mut self.journal.phase, phase);
        self.journal.write(self.machine).map_err(|error| {
            // What is on disk says the phase before, and nothing of this one has been done.
            self.journal.phase = before;
            Cause::from(error)
        })
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
        self.machine.remove_file(&self.scene.names.new)?;
        self.machine.remove_file(&self.scene.names.old)
    }

    /// Somebody else's change of the manifest.
    pub(super) fn foreign(&self, words: impl Into<String>) -> Cause {
        Cause::foreign(&self.scene.names.live, words)
    }

    pub(super) fn check_interrupt(&self) -> Result<(), Cause> {
        match self.machine.interrupt().filter(|_| self.is_interruptible) {
            Some(interrupt) => Err(Cause::interrupted(interrupt)),
            None => Ok(()),
        }
    }
}
