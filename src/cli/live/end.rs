//! The report and the exit code of a restart.

use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::report::{Report, Restarted, Verified};
use crate::restart::{Done, Method, Outcome, Proven};
use crate::transaction::JOURNAL_PATH;
use std::time::Duration;

/// A report and its exit code.
pub(in crate::cli) type End = (Report, Exit);

/// The report of `outcome`; `report` holds the plan's diff and notes, `done` the message of a successful run.
pub(in crate::cli) fn describe(outcome: Outcome, method: Method, mut report: Report, done: &str) -> End {
    match outcome {
        Outcome::Done(end) => (describe_done(end, method, report, done), Exit::Done),
        Outcome::Refused(cause) => {
            report.changed = false;
            "Nothing was changed. The API server was not restarted.".clone_into(&mut report.message);
            let exit = cause.interrupt.map_or(Exit::Refused, Exit::from);
            report.refusals.push(cause.diagnostic);
            (report, exit)
        }
        Outcome::RolledBack { cause, unavailable } => {
            report.changed = false;
            report.restart = Restarted { rolled_back: true, ..restarted(method, unavailable) };
            report.verified = Verified { on_disk: true, healthy: true, ..Verified::default() };
            report.message = format!(
                "Rolled back: the previous configuration is restored and the API server is healthy. It was unavailable for {:.1} s.",
                unavailable.as_secs_f64()
            );
            let exit = cause.interrupt.map_or(Exit::RolledBack, Exit::from);
            report.refusals.push(cause.diagnostic);
            (report, exit)
        }
        Outcome::Stuck { cause, undoing } => {
            report.restart = restarted(method, Duration::ZERO);
            report.refusals.push(cause.diagnostic);
            report.refusals.extend(undoing.map(|cause| cause.diagnostic));
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

/// A successful restart, and what was verified.
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
    let outage = describe_outage(end.unavailable, end.unavailable_to_itself);
    report.message = format!("{done} {outage} and is healthy{proof}.");
    if let Some(log) = &end.surge_log {
        report
            .notes
            .push(Diagnostic::info(format!("the second API server logged its events to {}", log.display())));
    }
    report.notes.extend(remark_unproven(&end.proven));
    if let Some(why) = end.untidy {
        report.notes.push(
            Diagnostic::warning(format!("cleanup is incomplete: {why}"))
                .help("the next run of kaudit completes it, or run: kaudit recover"),
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

/// The warning that logging was not verified, and how to check whether a webhook's receiver got the event.
fn remark_unproven(proven: &Proven) -> Option<Diagnostic> {
    let why = proven.unproven()?;
    let note = Diagnostic::warning(format!("could not verify that events are logged: {why}"));
    Some(match proven.sent_event() {
        Some(id) => note.help(format!(
            "search the receiver's events: grep {id} FILE; for a file of kaudit receive: kaudit logs FILE --audit-id {id}"
        )),
        None => note,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How long the API server was unavailable, for clients elsewhere and on the node.
fn describe_outage(elsewhere: Duration, on_the_node: Option<Duration>) -> String {
    let (seconds, own) = (elsewhere.as_secs_f64(), on_the_node.map(|own| own.as_secs_f64()));
    match own {
        Some(own) if elsewhere.is_zero() => {
            format!("The API server was never unavailable ({own:.1} s on this node's loopback address)")
        }
        Some(own) => format!(
            "The API server was unavailable for {seconds:.1} s ({own:.1} s on this node's loopback address)"
        ),
        None => format!("The API server was unavailable for {seconds:.1} s"),
    }
}

/// The end that requires manual intervention: where everything is, and what to do.
pub(in crate::cli) fn manual_intervention(mut report: Report) -> End {
    report.refusals.push(
        Diagnostic::error("manual intervention required: neither the previous nor the requested state could be verified")
            .in_file(JOURNAL_PATH)
            .help("run: kaudit recover")
            .help("both versions of each file are in /var/lib/kaudit/generations, in the directory with the highest number; record.json lists them")
            .help("to repair it by hand: move the previous manifest into place with mv within the same file system, wait until the API server answers, then remove the journal"),
    );
    "The node may be in neither the previous nor the requested state.".clone_into(&mut report.message);
    (report, Exit::ManualIntervention)
}
