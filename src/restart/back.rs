//! The rollback: the same protocol with the previous bytes, and the same wait for a healthy API server.

use super::protocol::{Cause, Outcome};
use super::run::Run;
use super::server::Server;
use super::state::Content;
use crate::node::Moved;
use crate::observe::MANIFEST_LIMIT;
use crate::transaction::steps::{forget, put, restore_directories};
use crate::transaction::{Journal, Phase};
use anyhow::Result;
use std::time::Duration;

/// How long the previous API server must be healthy again.
const STABLE: Duration = Duration::from_secs(1);
/// Rolls back after the API server was stopped or restarted.
pub(super) fn go_back(run: &mut Run<'_>, cause: Cause) -> Outcome {
    if cause.is_foreign {
        return keep_foreign_manifest(run, cause);
    }
    run.listener.step(&format!("{cause}: rolling back"));
    match back(run) {
        Ok(()) => Outcome::RolledBack { cause, unavailable: run.unavailable().0 },
        Err(undoing) => Outcome::Stuck { cause, undoing: Some(undoing) },
    }
}

/// A foreign manifest is live, or was. It is not changed; where the API server runs as before, the rest of the change is
/// rolled back.
fn keep_foreign_manifest(run: &mut Run<'_>, cause: Cause) -> Outcome {
    let undone = match live(run) {
        // Up to here the planned manifest was never live: the foreign one is an edit of the previous one.
        Ok(Content::Before) => unstage(run),
        Ok(Content::Foreign) if run.journal.phase == Phase::Out => unstage(run),
        Ok(_) => return Outcome::Stuck { cause, undoing: None },
        Err(error) => Err(error.into()),
    };
    match undone {
        Ok(()) => Outcome::Refused(cause),
        Err(undoing) => Outcome::Stuck { cause, undoing: Some(undoing) },
    }
}

/// Moves a foreign edit back that was moved out at the moment when it was made.
pub(super) fn restore_foreign_manifest(run: &mut Run<'_>) -> Result<(), Cause> {
    let names = &run.context.names;
    match run.machine.move_file(&names.old, &names.live)? {
        Moved::Done => unstage(run),
        Moved::Occupied | Moved::Missing => Err(run.foreign("the manifest changed during the rollback")),
    }
}

/// Removes the staged files; the manifest is the previous one, or a foreign one, and is not changed.
pub(super) fn unstage(run: &mut Run<'_>) -> Result<(), Cause> {
    run.stop_surge_pod()?;
    put_files_back(run)?;
    tidy(run)?;
    Ok(())
}

/// Restores the previous manifest, whatever the present state is, and waits for its API server.
pub(super) fn back(run: &mut Run<'_>) -> Result<(), Cause> {
    run.is_interruptible = false;
    run.journal.phase = Phase::Back;
    // Without this entry an interruption from here on is recovered as well, but perhaps after one more check of the planned
    // API server. The rollback must not depend on free disk space.
    drop(run.journal.write(run.machine));
    // Clients elsewhere stay with the surge pod, if there is one, until the old API server is back.
    if run.journal.surge.is_some() {
        drop(run.machine.exempt_own(true));
    }
    let names = &run.context.names;
    if live(run)? == Content::After {
        // An exchange may have left a file there: the record has both.
        run.machine.remove_file(&names.new)?;
        run.listener.step("removing the new manifest");
        if run.machine.move_file(&names.live, &names.new)? != Moved::Done {
            return Err(run.foreign("the manifest changed during the rollback"));
        }
        if !run.holds(&names.new, run.manifest_after()?)? {
            run.machine.move_file(&names.new, &names.live)?;
            return Err(
                run.foreign("the manifest was edited by another program or person at the same moment")
            );
        }
    }
    match live(run)? {
        Content::Before => {}
        Content::Absent => {
            // Errors are ignored here, because an API server is better than none: both are checked again below.
            drop(run.wait_until_gone(run.context.after.grace().max(run.context.before.grace())));
            drop(put_files_back(run));
            let before = run.manifest_before()?;
            if !run.holds(&names.old, before)? {
                put(run.machine, &names.old, Some(before))?;
            }
            run.listener.step("restoring the old manifest");
            if run.machine.move_file(&names.old, &names.live)? != Moved::Done {
                return Err(run.foreign("another program or person created a manifest during the rollback"));
            }
        }
        Content::After | Content::Foreign => {
            return Err(run.foreign("the manifest is neither the previous nor the planned one"));
        }
    }
    let restored = put_files_back(run);
    run.watch.turn_to(run.context.before.readyz.clone());
    // An API server that was not healthy before is not expected to be healthy now.
    let healthy_for = run.journal.was_healthy.then_some(STABLE);
    run.wait_until_healthy(&run.context.before, Server::Main, &[], healthy_for)?;
    // A healthy API server comes first; what could not be restored before may be possible now.
    restored.or_else(|_| put_files_back(run))?;
    run.stop_surge_pod()?;
    tidy(run)?;
    Ok(())
}

/// What the manifest in the kubelet's directory contains.
pub(super) fn live(run: &Run<'_>) -> Result<Content> {
    let now = run.machine.node().read_file(&run.context.names.live, MANIFEST_LIMIT)?;
    Ok(Content::of(now.as_ref(), Some(run.manifest_before()?), Some(run.manifest_after()?)))
}

/// Restores every other file, in reverse order of writing.
fn put_files_back(run: &mut Run<'_>) -> Result<()> {
    restore_directories(run.machine, run.record)?;
    for file in run.record.changed_files().rev().filter(|file| file.path != run.context.names.live) {
        put(run.machine, &file.path, file.before.as_ref())?;
    }
    Ok(())
}

fn tidy(run: &mut Run<'_>) -> Result<()> {
    run.remove_dot_files()?;
    forget(run.machine, run.record)?;
    Journal::remove(run.machine)
}
