//! The way back: the same protocol with the bytes from before, and the same proof that it works.

use super::forward::Run;
use super::protocol::{Cause, Outcome};
use super::server::Server;
use super::state::Content;
use crate::node::Moved;
use crate::transaction::steps::{forget, put, restore_directories};
use crate::transaction::{Journal, Phase};
use anyhow::Result;
use std::time::Duration;

/// The API server from before has been healthy again for so long.
const STABLE: Duration = Duration::from_secs(1);
const READ_LIMIT: u64 = 10 << 20;

/// Back to the state before, after the API server was touched.
pub(super) fn go_back(run: &mut Run<'_>, cause: Cause) -> Outcome {
    if cause.foreign.is_some() {
        return keep_foreign_manifest(run, cause);
    }
    run.listener.step(&format!("{cause}: going back to the state before"));
    match back(run) {
        Ok(()) => Outcome::RolledBack { cause, unavailable: run.unavailable().0 },
        Err(undoing) => Outcome::Stuck { cause, undoing: Some(undoing) },
    }
}

/// Somebody else's manifest is live, or was. Nothing of theirs is touched; where the API server runs as before, the
/// rest of the change is undone.
fn keep_foreign_manifest(run: &mut Run<'_>, cause: Cause) -> Outcome {
    let undone = match live(run) {
        // Up to here the planned manifest was never live: theirs is an edit of the one before.
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

/// Gives somebody's edit, which was moved out in the same moment as it was made, its place back.
pub(super) fn restore_foreign_manifest(run: &mut Run<'_>) -> Result<(), Cause> {
    let names = &run.context.names;
    match run.machine.move_file(&names.old, &names.live)? {
        Moved::Done => unstage(run),
        Moved::Occupied | Moved::Missing => Err(run.foreign("the manifest changed on the way back")),
    }
}

/// Takes away what was staged; the manifest is the one from before, or somebody else's, and is not touched.
pub(super) fn unstage(run: &mut Run<'_>) -> Result<(), Cause> {
    run.stop_surge_pod()?;
    put_files_back(run)?;
    tidy(run)?;
    Ok(())
}

/// Brings the manifest from before back, from wherever things are, and waits for its API server.
pub(super) fn back(run: &mut Run<'_>) -> Result<(), Cause> {
    run.is_interruptible = false;
    run.journal.phase = Phase::Back;
    // Without this line on disk a death from here on is recovered all the same, only perhaps after one more look at the
    // planned API server. The way back must not depend on there being space for it.
    drop(run.journal.write(run.machine));
    // Clients elsewhere stay with the surge pod, if there is one, until the old API server is back.
    if run.journal.surge.is_some() {
        drop(run.machine.exempt_own(true));
    }
    let names = &run.context.names;
    if live(run)? == Content::After {
        // Its name may be taken by what an exchange left there: the record has both.
        run.machine.remove_file(&names.new)?;
        run.listener.step("the new manifest goes out again");
        if run.machine.move_file(&names.live, &names.new)? != Moved::Done {
            return Err(run.foreign("the manifest changed on the way back"));
        }
        if !run.holds(&names.new, run.manifest_after()?)? {
            run.machine.move_file(&names.new, &names.live)?;
            return Err(run.foreign("somebody else edited the manifest in the same moment"));
        }
    }
    match live(run)? {
        Content::Before => {}
        Content::Absent => {
            // Whatever is not as it should be by now, an API server is better than none: both are looked at again below.
            drop(run.wait_until_gone(run.context.after.grace().max(run.context.before.grace())));
            drop(put_files_back(run));
            let before = run.manifest_before()?;
            if !run.holds(&names.old, before)? {
                put(run.machine, &names.old, Some(before))?;
            }
            run.listener.step("the old manifest goes in again");
            if run.machine.move_file(&names.old, &names.live)? != Moved::Done {
                return Err(run.foreign("somebody else put a manifest in place on the way back"));
            }
        }
        Content::After | Content::Foreign => {
            return Err(run.foreign("the manifest is neither the one before nor the planned one"));
        }
    }
    let restored = put_files_back(run);
    run.watch.turn_to(run.context.before.readyz.clone());
    // One that was not healthy before is not expected to be so when it is back.
    let healthy_for = run.journal.was_healthy.then_some(STABLE);
    run.wait_until_healthy(&run.context.before, Server::Main, &[], healthy_for)?;
    // A healthy API server comes first; what could not be put back for it may be possible by now.
    restored.or_else(|_| put_files_back(run))?;
    run.stop_surge_pod()?;
    tidy(run)?;
    Ok(())
}

/// What the manifest in the kubelet's directory is.
pub(super) fn live(run: &Run<'_>) -> Result<Content> {
    let now = run.machine.node().read_file(&run.context.names.live, READ_LIMIT)?;
    Ok(Content::of(now.as_ref(), Some(run.manifest_before()?), Some(run.manifest_after()?)))
}

/// Every other file as it was; the last one that was written is the first to go back.
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
