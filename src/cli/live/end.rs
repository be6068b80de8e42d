//! How the end of a restart is told, and the exit code that it has.

use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::report::{Report, Restarted, Verified};
use crate::restart::{Cause, Done, Method, Outcome, Proven};
use crate::transaction::JOURNAL_PATH;
use std::time::Duration;

/// A report and its exit code.
pub(in crate::cli) type End = (Report, Exit);

/// Tells `outcome`; `report` holds what was said of the plan, `done` what is said when it went through.
pub(in crate::cli) fn describe(outcome: Outcome, method: Method, mut report: Report, done: &str) -> End {
    match outcome {
        Outcome::Done(end) => (describe_done(end, method, report, done), Exit::Done),
        Outcome::Refused(cause) => {
            report.changed = false;
            "Nothing was changed; the API server was not touched.".clone_into(&mut report.message);
            let exit = cause.interrupt.map_or(Exit::Refused, Exit::from);
            report.refusals.push(refusal_of(cause));
            (report, exit)
        }
        Outcome::RolledBack { cause, unavailable } => {
            report.changed = false;
            report.restart = Restarted { rolled_back: true, ..restarted(method, unavailable) };
            report.verified = Verified { on_disk: true, healthy: true, ..Verified::default() };
            report.message = format!(
                "Everything is as before, and healthy again. The API server was away for {:.1} s.",
                unavailable.as_secs_f64()
            );
            let exit = cause.interrupt.map_or(Exit::RolledBack, Exit::from);
            report.refusals.push(refusal_of(cause));
            (report, exit)
        }
        Outcome::Stuck { cause, undoing } => {
            report.restart = restarted(method, Duration::ZERO);
            report.refusals.push(refusal_of(cause));
            report.refusals.extend(undoing.map(refusal_of));
            manual_intervention(report)
        }
    }
}

fn restarted(method: Method, unavailable: Duration) -> Restarted {
    Restarted {
        method: method.name(),
        performed: true,
        unavailable_ms: milliseconds(unavailable),
        ..Restarted::default()
    }
}

/// A restart that went through, and how far that is proven.
fn describe_done(end: Done, method: Method, mut report: Report, done: &str) -> Report {
    report.restart = Restarted {
        ended_early: end.killed,
        unavailable_to_itself_ms: end.unavailable_to_itself.map(milliseconds),
        surge_log: end.surge_log.as_ref().map(|path| path.display().to_string()),
        ..restarted(method, end.unavailable)
    };
    let proof = match &end.proven {
        Proven::Event(id) => format!("; event {id} is in the log"),
        Proven::Off | Proven::Unverifiable(_) | Proven::WebhookOnly(..) => String::new(),
    };
    let away = away(end.unavailable, end.unavailable_to_itself);
    report.message = format!("{done} {away} and is healthy{proof}.");
    if let Some(log) = &end.surge_log {
        report.notes.push(Diagnostic::info(format!(
            "the second API server's events of that time are in {}",
            log.display()
        )));
    }
    report.notes.extend(remark_unproven(&end.proven));
    if let Some(why) = end.untidy {
        report.notes.push(
            Diagnostic::warning(format!("something is left to tidy up: {why}"))
                .help("the next run of kaudit does it; or now: kaudit recover"),
        );
    }
    report.verified = Verified {
        on_disk: true,
        process: end.pid,
        healthy: true,
        unproven: end.proven.unproven(),
        sent_event: end.proven.sent_event().map(str::to_owned),
        audit_event: match end.proven {
            Proven::Event(id) => Some(id),
            Proven::Off | Proven::Unverifiable(_) | Proven::WebhookOnly(..) => None,
        },
    };
    report
}

/// That nothing is proven, and how to see for oneself what a webhook's receiver got.
fn remark_unproven(proven: &Proven) -> Option<Diagnostic> {
    let why = proven.unproven()?;
    let note = Diagnostic::warning(format!("that events are logged could not be proven: {why}"));
    Some(match proven.sent_event() {
        Some(id) => note.help(format!(
            "look where the receiver keeps its events: grep {id} FILE; with a file of kaudit receive: kaudit logs FILE --audit-id {id}"
        )),
        None => note,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// For how long there was no API server, for whom.
fn away(elsewhere: Duration, on_the_node: Option<Duration>) -> String {
    let (seconds, own) = (elsewhere.as_secs_f64(), on_the_node.map(|own| own.as_secs_f64()));
    match own {
        Some(own) if elsewhere.is_zero() => {
            format!("The API server was never away ({own:.1} s on this node's own loopback address)")
        }
        Some(own) => format!(
            "The API server was away for {seconds:.1} s ({own:.1} s on this node's own loopback address)"
        ),
        None => format!("The API server was away for {seconds:.1} s"),
    }
}

/// The end that needs a person: where everything is, and what to do.
pub(in crate::cli) fn manual_intervention(mut report: Report) -> End {
    report.refusals.push(
        Diagnostic::error("neither the state before nor the one asked for could be verified")
            .in_file(JOURNAL_PATH)
            .help("try once more: kaudit recover")
            .help("the bytes before and after are in /var/lib/kaudit/generations, under the highest number: record.json names each file's before and after")
            .help("by hand: put the manifest of before into place by mv within its own file system, wait until the API server answers, then remove the journal"),
    );
    "The node is neither as before nor as asked.".clone_into(&mut report.message);
    (report, Exit::ManualIntervention)
}

/// A cause as the operator reads it.
pub(in crate::cli) fn refusal_of(cause: Cause) -> Diagnostic {
    let refusal = cause.help.into_iter().fold(Diagnostic::error(cause.words), Diagnostic::help);
    match cause.foreign {
        Some(manifest) => refusal.in_file(manifest.display().to_string()),
        None => refusal,
    }
}
