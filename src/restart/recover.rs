//! Recovery of a run that was interrupted during a restart.

use super::back::{back, restore_foreign_manifest, unstage};
use super::context::{Names, RestartContext};
use super::protocol::{Cause, Done, Listener, Options, Proven};
use super::run::Run;
use super::state::{Content, Resume, decide};
use crate::generation::{self, Record};
use crate::node::{Effects, Machine, Node};
use crate::observe::MANIFEST_LIMIT;
use crate::transaction::{self, Journal, Phase};
use anyhow::{Result, anyhow};
use std::path::Path;

/// An interrupted restart, as its journal and record describe it.
#[derive(Debug)]
pub struct Unfinished {
    journal: Journal,
    record: Record,
    names: Names,
}

/// What [`Unfinished::recover`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// The run had verified its change before it was interrupted; its generation stands.
    Finished(u64),
    /// The run's change is active: its API server is healthy, and its log was checked. Its generation stands.
    Verified(u64, Proven),
    /// The state before the run is restored; the API server is healthy if it was before.
    Undone(u64),
    /// A person has to decide.
    Stuck(Cause),
}

impl Unfinished {
    /// The interrupted restart of the manifest `live`; `None` where there is none. A change of files alone, or one that was
    /// interrupted before its record was complete, is recovered by [`crate::transaction::recover`].
    ///
    /// # Errors
    /// The journal or the record cannot be read, or they are about another manifest.
    pub fn find(node: &Node, live: &Path) -> Result<Option<Self>> {
        let Some(journal) = Journal::read(node)? else { return Ok(None) };
        if journal.phase == Phase::Files {
            return Ok(None);
        }
        let Some(record) = generation::load(node)?.record(journal.generation).cloned() else {
            return Ok(None);
        };
        if record.file(live).is_none() {
            let paths: Vec<String> =
                record.files.iter().map(|file| file.path.display().to_string()).collect();
            return Err(anyhow!(
                "the interrupted run changed another manifest than {}: select the right one with --manifest; its files are {}",
                live.display(),
                paths.join(", ")
            ));
        }
        Ok(Some(Self { journal, record, names: Names::of(live) }))
    }

    /// Its record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// How far it came.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.journal.phase
    }

    /// Brings the node to one of the two states, and returns which.
    ///
    /// # Errors
    /// A file cannot be read. The journal stays, and recovery can be tried again.
    pub fn recover(
        self,
        machine: &mut dyn Machine,
        listener: &mut dyn Listener,
        context: &RestartContext,
        options: Options,
    ) -> Result<Recovered> {
        let number = self.record.number;
        let live = self.content(machine.node(), &self.names.live)?;
        let kept = self.content(machine.node(), &self.names.old)?;
        let resume = decide(self.journal.phase, live, kept);
        let phase = self.journal.phase;
        let mut run = Run::new(machine, listener, context, &self.record, options, self.journal);
        if matches!(resume, Resume::Verify | Resume::Back) {
            run.steer_again();
        }
        if resume == Resume::Verify {
            run.listener
                .step("the interrupted run had replaced the manifest: waiting for it to become healthy");
            return Ok(match run.verify() {
                Ok((proven, pid)) => match run.finish(proven, pid) {
                    Done { untidy: None, proven, .. } => Recovered::Verified(number, proven),
                    Done { untidy: Some(why), .. } => Recovered::Stuck(Cause::new(why)),
                },
                Err(cause) if cause.is_foreign => Recovered::Stuck(cause),
                Err(_) => undone(number, back(&mut run)),
            });
        }
        run.is_interruptible = false;
        Ok(match resume {
            Resume::Verify | Resume::Finish => match run.tidy() {
                Ok(()) => Recovered::Finished(number),
                Err(error) => Recovered::Stuck(error.into()),
            },
            Resume::Back => {
                run.listener.step(&format!("an earlier run was interrupted (phase {phase:?}): rolling back"));
                undone(number, back(&mut run))
            }
            Resume::Unstage => undone(number, unstage(&mut run)),
            Resume::RestoreForeign => undone(number, restore_foreign_manifest(&mut run)),
            Resume::ManualIntervention => {
                Recovered::Stuck(run.foreign(
                    "the manifest is neither the previous nor the planned one of the interrupted run",
                ))
            }
        })
    }

    fn content(&self, node: &Node, path: &Path) -> Result<Content> {
        let entry = self.record.file(&self.names.live);
        let before = entry.and_then(|entry| entry.before.as_ref());
        let after = entry.and_then(|entry| entry.after.as_ref());
        Ok(Content::of(node.read_file(path, MANIFEST_LIMIT)?.as_ref(), before, after))
    }
}

/// Completes or rolls back an unfinished run where no kubelet runs: on a directory tree, the disk of a node that is down.
///
/// # Errors
/// As [`transaction::recover`].
pub fn recover_tree(node: &Node, effects: &mut dyn Effects, live: &Path) -> Result<transaction::Recovered> {
    let Some(unfinished) = Unfinished::find(node, live)? else { return transaction::recover(node, effects) };
    if let Some(surge) = &unfinished.journal.surge {
        effects.remove_file(&surge.manifest)?;
    }
    let Names { new, old, .. } = &unfinished.names;
    // A foreign edit that was moved out at the moment when it was made.
    if unfinished.content(node, old)? == Content::Foreign {
        return Ok(transaction::Recovered::Stuck(vec![old.clone()]));
    }
    let recovered = transaction::recover(node, effects)?;
    if !matches!(recovered, transaction::Recovered::Stuck(_)) {
        effects.remove_file(new)?;
        effects.remove_file(old)?;
    }
    Ok(recovered)
}

fn undone(number: u64, result: Result<(), Cause>) -> Recovered {
    match result {
        Ok(()) => Recovered::Undone(number),
        Err(cause) => Recovered::Stuck(cause),
    }
}
