//! `recover`, and the lock: what comes before every change.

use super::end::refuse;
use super::live::{self, End, manual_intervention};
use super::options::Waiting;
use super::target::Target;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::node::{Interrupt, Lock, LockError, now};
use crate::observe::Obstacle;
use crate::report::{Output, Report};
use crate::restart::{self, Cause, Proven};
use crate::transaction::{self, Journal, LOCK_PATH, Phase, Recovered};
use std::path::Path;

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit recover           after a run was killed, or the node was rebooted
  kaudit recover --timeout 10m";

/// The help of `--drain`: `recover` has no method to choose.
pub(super) const DRAIN_HELP: &str = "\
Kill the old API server this long after it has stopped listening, such as 2s; requests that are still open, such as \
watches, are cut [default: the pod's grace period, 30s with kubeadm]";

/// `recover`: completes or rolls back an interrupted run.
pub(super) fn run(target: &Target, waiting: Waiting, output: &mut Output<'_>) -> End {
    match Journal::read(&target.node) {
        Err(error) => return *unreadable(error.into()),
        Ok(None) => {
            let message = "Nothing to recover: no run was interrupted.".to_owned();
            return (Report { message, ..Report::default() }, Exit::Done);
        }
        Ok(Some(_)) => {}
    }
    match take_lock(target).and_then(|lock| recover(target, waiting, output).map(|notes| (lock, notes))) {
        Ok((_lock, note)) => {
            let message = note.map_or_else(
                || "Nothing to recover: no run was interrupted.".to_owned(),
                |note| format!("Recovered: {}.", note.message),
            );
            (Report { message, changed: true, ..Report::default() }, Exit::Done)
        }
        Err(end) => *end,
    }
}

/// Recovers before a change is planned; a dry run only reports that it would.
pub(super) fn recover_first(
    target: &Target,
    is_dry_run: bool,
    waiting: Waiting,
    output: &mut Output<'_>,
) -> Result<Vec<Diagnostic>, Box<End>> {
    if Journal::read(&target.node).map_err(|error| unreadable(error.into()))?.is_none() {
        return Ok(Vec::new());
    }
    if is_dry_run {
        return Ok(vec![
            Diagnostic::warning(
                "an earlier run was interrupted; this plan starts from the state that it left",
            )
            .help("the next run without --dry-run completes it or rolls it back first"),
        ]);
    }
    let _lock = take_lock(target)?;
    let recovered = recover(target, waiting, output)?;
    Ok(recovered
        .map(|note| Diagnostic::info(format!("recovered an interrupted run: {}", note.message)))
        .into_iter()
        .collect())
}

/// Takes the lock, making its directory first.
pub(super) fn take_lock(target: &Target) -> Result<Lock, Box<End>> {
    let mut node = target.node.clone();
    transaction::prepare(&mut node).map_err(failed)?;
    target.node.lock(Path::new(LOCK_PATH), &now()).map_err(|error| match error {
        LockError::Failed(error) => failed(error),
        LockError::Held(holder) => {
            let refusal = Diagnostic::error(format!("another kaudit run is in progress ({holder})"))
                .in_file(LOCK_PATH)
                .help("wait until it has ended; the lock is released with its process");
            let report = Report {
                refusals: vec![refusal],
                message: "Nothing was changed.".to_owned(),
                ..Report::default()
            };
            Box::new((report, Exit::Busy))
        }
    })
}

/// Under the lock: recovers what the journal describes now.
fn recover(
    target: &Target,
    waiting: Waiting,
    output: &mut Output<'_>,
) -> Result<Option<Diagnostic>, Box<End>> {
    let journal = Journal::read(&target.node).map_err(|error| unreadable(error.into()))?;
    let is_restart = journal.is_some_and(|journal| journal.phase != Phase::Files);
    if let (true, Some(kubelet)) = (is_restart, &target.kubelet) {
        let kubelet = kubelet.as_ref().map_err(|refusals| refuse(refusals.clone().into()))?;
        // Without a record, it was interrupted before the record was complete.
        if let Some((recovered, interrupt)) =
            live::recover(target, kubelet, waiting, output).map_err(unreadable)?
        {
            let note = tell(recovered)?;
            return match interrupt {
                None => Ok(Some(note)),
                Some(interrupt) => Err(interrupted(&note, interrupt).into()),
            };
        }
    }
    let mut node = target.node.clone();
    let recovered = restart::recover_tree(&target.node, &mut node, &target.manifest);
    match recovered.map_err(|error| unreadable(error.into()))? {
        Recovered::Nothing => Ok(None),
        Recovered::Finished(number) => Ok(Some(in_force(number, "every file has its planned content"))),
        Recovered::Undone(number) => Ok(Some(undone(number))),
        Recovered::Stuck(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            Err(unreadable(Diagnostic::error(format!(
                "an earlier run was interrupted, and these files have neither their previous nor their planned content: {}",
                paths.join(", ")
            )).into()))
        }
    }
}

/// The result of a recovery on a live node.
fn tell(recovered: restart::Recovered) -> Result<Diagnostic, Box<End>> {
    Ok(match recovered {
        restart::Recovered::Finished(number) => in_force(number, "the interrupted run had verified it"),
        restart::Recovered::Verified(number, Proven::Event(id)) => {
            in_force(number, &format!("the API server is healthy, and event {id} is in the log"))
        }
        restart::Recovered::Verified(number, Proven::Off) => in_force(number, "the API server is healthy"),
        restart::Recovered::Verified(
            number,
            proven @ (Proven::Unverifiable(_) | Proven::WebhookOnly(..)),
        ) => {
            let why = proven.unproven().unwrap_or_default();
            in_force(
                number,
                &format!("the API server is healthy; could not verify that events are logged: {why}"),
            )
        }
        restart::Recovered::Undone(number) => undone(number),
        restart::Recovered::Stuck(cause) => {
            let report = Report { refusals: vec![cause.diagnostic], ..Report::default() };
            return Err(manual_intervention(report).into());
        }
    })
}

/// A signal came during a recovery, which was completed; nothing else is begun.
fn interrupted(recovered: &Diagnostic, interrupt: Interrupt) -> End {
    let report = Report {
        changed: true,
        refusals: vec![Cause::interrupted(interrupt).diagnostic],
        message: format!("Recovered: {}.", recovered.message),
        ..Report::default()
    };
    (report, interrupt.into())
}

fn in_force(number: u64, state: &str) -> Diagnostic {
    Diagnostic::info(format!("generation {number} is active: {state}"))
}

fn undone(number: u64) -> Diagnostic {
    Diagnostic::info(format!("generation {number} is rolled back: the previous state is restored"))
}

fn unreadable(obstacle: Obstacle) -> Box<End> {
    manual_intervention(Report { refusals: obstacle.into_diagnostics(), ..Report::default() }).into()
}

/// The end of a run that failed before it began.
fn failed(error: anyhow::Error) -> Box<End> {
    refuse(Obstacle::Failed(error)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_that_got_a_signal_ends_with_it() {
        for (interrupt, exit) in [(Interrupt::Int, Exit::Interrupted), (Interrupt::Term, Exit::Terminated)] {
            let (report, code) = interrupted(&undone(3), interrupt);
            assert_eq!(code, exit);
            assert_eq!(
                report.message,
                "Recovered: generation 3 is rolled back: the previous state is restored."
            );
            assert!(report.refusals.iter().all(|refusal| refusal.message.starts_with("interrupted by SIG")));
        }
    }

    #[test]
    fn a_generation_that_stands_is_told_with_what_was_seen_of_it() {
        for (proven, state) in [
            (Proven::Event("6f".to_owned()), "healthy, and event 6f is in the log"),
            (Proven::Off, "healthy"),
            (
                Proven::Unverifiable("no policy".to_owned()),
                "healthy; could not verify that events are logged: no policy",
            ),
        ] {
            let note = tell(restart::Recovered::Verified(10, proven)).unwrap();
            assert_eq!(note.message, format!("generation 10 is active: the API server is {state}"));
        }
        let stuck = tell(restart::Recovered::Stuck(Cause::new("foreign"))).unwrap_err();
        assert_eq!(stuck.1, Exit::ManualIntervention);
    }
}
