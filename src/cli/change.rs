//! What all commands that change the node have in common: plan, diff, consent, lock, plan again, apply, verify.

use super::args::Consent;
use super::{Exit, Target, refuse};
use crate::node::{LockError, now};
use crate::note::Note;
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::plan::{Content, FileChange, Observed, Plan};
use crate::refusal::Refusal;
use crate::report::{FileDiff, Output, Report, Verified, print_plan};
use crate::transaction::{self, Failure, JOURNAL_PATH, LOCK_PATH, Recovered};
use anyhow::Result;
use std::io::{self, BufRead as _};
use std::path::Path;

/// A plan and what it was made from.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The number that applying it would get.
    pub(super) number: u64,
    /// Lines about the result, with `--verbose`.
    pub lines: Vec<String>,
}

impl Planned {
    pub(super) fn of(plan: Plan, observed: &Observed) -> Self {
        Self { plan, number: observed.history.newest() + 1, lines: Vec::new() }
    }
}

/// A command that changes the node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Its name, for the record.
    pub command: &'static str,
    /// Its options.
    pub consent: Consent,
    /// Whether there is somebody to ask.
    pub interactive: bool,
    /// What is asked: "Enable audit logging".
    pub verb: &'static str,
}

type End = (Report, Exit);

impl Change {
    /// Runs it; `make_plan` is called again under the lock, so that what is applied is what is there by then.
    pub(super) fn run(
        self,
        target: &Target,
        output: &mut Output<'_>,
        make_plan: impl Fn(&Target, bool) -> Result<Planned, Obstacle>,
    ) -> End {
        self.attempt(target, output, make_plan).unwrap_or_else(|end| end)
    }

    /// As [`Change::run`]; an early end is an `Err`, so that `?` can be used for it.
    fn attempt(
        self,
        target: &Target,
        output: &mut Output<'_>,
        make_plan: impl Fn(&Target, bool) -> Result<Planned, Obstacle>,
    ) -> Result<End, End> {
        let verbose = output.verbose;
        let plan_now = || make_plan(target, verbose);
        let mut notes = Vec::new();
        let unfinished =
            target.node.read_file(Path::new(JOURNAL_PATH), MANIFEST_LIMIT).map_err(failed)?.is_some();
        if unfinished && self.consent.dry_run {
            notes.push(
                Note::warning("an earlier run did not finish; what follows is planned from what it left")
                    .hint("the next run without --dry-run finishes or undoes it first"),
            );
        } else if unfinished {
            let _lock = take_lock(target)?;
            notes.extend(recover(target)?);
        }
        let planned = plan_now().map_err(refuse)?;
        let mut report = report_of(&planned, notes);
        if !planned.plan.changes_something() {
            "Nothing to change.".clone_into(&mut report.message);
            return Ok((report, Exit::Done));
        }
        report.changed = true;
        if self.consent.dry_run {
            report.dry_run = true;
            "Dry run: nothing was written.".clone_into(&mut report.message);
            return Ok((report, Exit::Done));
        }
        if target.root.is_none() {
            report.changed = false;
            "Nothing was changed.".clone_into(&mut report.message);
            report.refusals.push(live_refusal(&target.manifest));
            return Ok((report, Exit::Refused));
        }
        if target.is_live_tree() {
            report.notes.push(
                Note::warning("--root / is the live tree: a running kubelet restarts the API server as soon as the manifest is renamed in, and nothing watches over it")
                    .hint("expect up to 45 s without API server; kaudit rollback --root / goes back"),
            );
        }
        if self.interactive && !self.consent.yes {
            print_plan(output, &report);
            report.diff.clear();
            report.notes.clear();
            if !ask(output, self.verb) {
                report.changed = false;
                "Nothing was changed.".clone_into(&mut report.message);
                return Ok((report, Exit::Refused));
            }
        }
        let _lock = take_lock(target)?;
        let under_lock = plan_now().map_err(refuse)?;
        if under_lock.plan.files != planned.plan.files {
            return Err(refuse(
                Refusal::new("the node changed between the plan and the lock")
                    .help("somebody else is at work here; look again: run the same command once more")
                    .into(),
            ));
        }
        self.apply(target, &under_lock, report)
    }

    fn apply(self, target: &Target, planned: &Planned, mut report: Report) -> Result<End, End> {
        let plan = &planned.plan;
        let mut node = target.node.clone();
        let record = transaction::record_of(plan, planned.number, self.command, now());
        match transaction::apply(&mut node, &record) {
            Ok(()) => {}
            Err(Failure::Undone(cause)) => {
                let refusal = Refusal::new(format!("{cause:#}")).help("everything is as before");
                return Err(refuse(refusal.into()));
            }
            Err(Failure::Stuck { cause, undoing }) => {
                return Err(stuck(&format!("{cause:#}; undoing: {undoing:#}")));
            }
        }
        for file in plan.changed_files() {
            let now = node.read_file(&file.path, MANIFEST_LIMIT).map_err(failed)?;
            if now.map(|state| state.bytes) != file.after.as_ref().map(|state| state.bytes.clone()) {
                return Err(stuck(&format!("{} is not what was written", file.path.display())));
            }
        }
        report.verified = Verified { on_disk: true };
        report.message = format!(
            "{}: done, generation {}.",
            match self.command {
                "enable" => "Audit logging on",
                "disable" => "Audit logging off",
                _ => "Rolled back",
            },
            planned.number
        );
        if !target.is_live_tree() {
            report.hint = Some("the files of this tree are changed; nothing was restarted".to_owned());
        }
        Ok((report, Exit::Done))
    }
}

/// What a plan looks like before it is applied.
pub(super) fn report_of(planned: &Planned, mut notes: Vec<Note>) -> Report {
    notes.extend(planned.plan.notes.iter().cloned());
    // The manifest is written last and read first: it is what a reviewer looks for.
    let mut changes: Vec<&FileChange> = planned.plan.changed_files().collect();
    changes.sort_by_key(|change| change.content != Content::Manifest);
    Report {
        notes,
        diff: changes.into_iter().map(FileDiff::of).collect(),
        lines: planned.lines.clone(),
        ..Report::default()
    }
}

/// Takes the lock, making its directory first.
fn take_lock(target: &Target) -> Result<crate::node::Lock, End> {
    let mut node = target.node.clone();
    transaction::prepare(&mut node).map_err(failed)?;
    target.node.lock(Path::new(LOCK_PATH), &now()).map_err(|error| match error {
        LockError::Failed(error) => failed(error),
        LockError::Held(holder) => {
            let refusal = Refusal::new(format!("another run of kaudit is under way: {holder}"))
                .in_file(LOCK_PATH)
                .help("wait for it to end; the lock goes with its process");
            let report = Report {
                refusals: vec![refusal],
                message: "Nothing was changed.".to_owned(),
                ..Report::default()
            };
            (report, Exit::Busy)
        }
    })
}

fn recover(target: &Target) -> Result<Option<Note>, End> {
    let mut node = target.node.clone();
    match transaction::recover(&target.node, &mut node).map_err(|error| stuck(&format!("{error:#}")))? {
        Recovered::Nothing => Ok(None),
        Recovered::Finished(number) => {
            Ok(Some(Note::info(format!("an earlier run had finished generation {number}"))))
        }
        Recovered::Undone(number) => Ok(Some(Note::info(format!(
            "an earlier run died while making generation {number}; it was undone first"
        )))),
        Recovered::Stuck(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            Err(stuck(&format!(
                "an earlier run died, and these files are neither as before nor as planned: {}",
                paths.join(", ")
            )))
        }
    }
}

fn failed(error: anyhow::Error) -> End {
    refuse(Obstacle::Failed(error))
}

/// Neither state could be verified.
fn stuck(reason: &str) -> End {
    let refusal = Refusal::new(reason)
        .in_file(JOURNAL_PATH)
        .help("the bytes before and after are in /var/lib/kaudit/generations, under the highest number")
        .help("put the files into one of the two states, then remove the journal");
    let report = Report {
        refusals: vec![refusal],
        message: "The node is neither as before nor as asked.".to_owned(),
        ..Report::default()
    };
    (report, Exit::NeedsHands)
}

/// This version edits trees; a live API server needs the restart that proves the change.
fn live_refusal(manifest: &Path) -> Refusal {
    Refusal::new("this version does not restart a running API server yet, so it changes directory trees only")
        .in_file(manifest.display().to_string())
        .help("see what would change: add --dry-run")
        .help("edit a copy of the node's tree: --root DIR")
}

fn ask(output: &mut Output<'_>, verb: &str) -> bool {
    output.line(&format!("{verb}? [y/N] "));
    output.flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
