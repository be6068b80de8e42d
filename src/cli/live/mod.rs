//! Changes of a live node: the checks before anything is changed, the restart, and the report.

mod check;
mod end;
mod progress;
mod subject;
mod surge;
mod trial;

pub(super) use check::{Checked, check};
pub(super) use end::{End, describe, manual_intervention};
use progress::Progress;
use subject::{manifests_of, subject};

use super::options::Waiting;
use super::planned::Planned;
use super::target::Target;
use crate::generation::Record;
use crate::kubelet::Kubelet;
use crate::node::{Interrupt, Live};
use crate::observe::Obstacle;
use crate::report::Output;
use crate::restart::{Method, Options, Outcome, Recovered, RestartContext, Unfinished, restart};
use anyhow::anyhow;

/// Makes the change of `record`, which changes the manifest, and restarts the API server.
///
/// # Errors
/// Nothing was begun: a manifest of the record is not that of an API server, or signals cannot be handled.
pub(super) fn perform(
    target: &Target,
    kubelet: &Kubelet,
    planned: &Planned,
    record: &Record,
    checked: &Checked,
    output: &mut Output<'_>,
) -> Result<Outcome, Obstacle> {
    let (before, after) = manifests_of(planned)?;
    let mut context =
        RestartContext::new(&target.node, record, &target.manifest, before.clone(), after.clone())?;
    if let Some(surge) = &checked.surge {
        context = context.with_surge(&target.node, record, &surge.pod, surge.port)?;
    }
    let mut live = Live::new(target.node.clone(), subject(kubelet, &context.after.manifest));
    live.handle_signals()?;
    let outcome = restart(&mut live, &mut Progress::new(output), &context, record, checked.options);
    live.end_ignoring_signals();
    Ok(outcome)
}

/// Completes or rolls back an interrupted restart; `None` where there is none. A signal that came meanwhile is for the
/// caller: the recovery has ended nevertheless.
///
/// # Errors
/// It cannot be read, or what is there cannot be.
pub(super) fn recover(
    target: &Target,
    kubelet: &Kubelet,
    waiting: Waiting,
    output: &mut Output<'_>,
) -> Result<Option<(Recovered, Option<Interrupt>)>, Obstacle> {
    let Some(unfinished) = Unfinished::find(&target.node, &target.manifest)? else { return Ok(None) };
    let context = RestartContext::of(&target.node, unfinished.record(), &target.manifest)?
        .ok_or_else(|| anyhow!("the record of the interrupted run has no manifest"))?;
    let mut live = Live::new(target.node.clone(), subject(kubelet, &context.after.manifest));
    live.handle_signals()?;
    let options =
        Options { method: Method::Move, drain: waiting.drain, timeout: waiting.timeout, was_healthy: true };
    let recovered = unfinished.recover(&mut live, &mut Progress::new(output), &context, options)?;
    Ok(Some((recovered, live.end_handling())))
}
