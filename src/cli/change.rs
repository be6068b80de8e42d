//! The steps that all commands which change the node share: plan, diff, check the running API server, confirm, lock, plan
//! again, apply, verify.

use super::end::refuse;
use super::live::{self, Checked, End, describe, manual_intervention};
use super::options::{ChangeOptions, Consent, Restart};
use super::planned::Planned;
use super::recover::{recover_first, take_lock};
use super::target::Target;
use super::webhook::check_receiver;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::kubelet::Kubelet;
use crate::node::now;
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::plan::{Content, FileChange, Plan};
use crate::report::{FileDiff, Output, Report, Verified, print_plan};
use crate::restart::Outcome;
use crate::transaction::{self, Failure};
use anyhow::Result;
use std::io::{self, BufRead as _};

/// A command that changes the node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    /// Its name, for the record.
    pub command: &'static str,
    /// Its options.
    pub consent: Consent,
    /// Whether there is a terminal to ask for confirmation.
    pub interactive: bool,
    /// The question for the confirmation: "Enable audit logging".
    pub verb: &'static str,
    /// How the API server is restarted, on a live node.
    pub restart: Restart,
    /// Checks of the webhook's receiver that may fail.
    pub ignored: &'a [String],
}

/// How the command was started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// Whether there is a terminal to ask on.
    pub(super) interactive: bool,
}

impl Change<'_> {
    /// The command `command` with these options; `verb` is the action in the question.
    pub(super) fn of(
        command: &'static str,
        verb: &'static str,
        options: ChangeOptions,
        context: Context,
    ) -> Self {
        let ChangeOptions { consent, restart } = options;
        Self { command, consent, interactive: context.interactive, verb, restart, ignored: &[] }
    }

    /// Runs it; `make_plan` is called again under the lock, so that the plan is applied to the state that it was made from.
    pub(super) fn run(
        self,
        target: &Target,
        output: &mut Output<'_>,
        make_plan: impl Fn(&Target, bool) -> Result<Planned, Obstacle>,
    ) -> End {
        self.attempt(target, output, make_plan).unwrap_or_else(|end| *end)
    }

    /// As [`Change::run`]; an early end is an `Err`, so that `?` can be used for it.
    fn attempt(
        self,
        target: &Target,
        output: &mut Output<'_>,
        make_plan: impl Fn(&Target, bool) -> Result<Planned, Obstacle>,
    ) -> Result<End, Box<End>> {
        let verbose = output.verbose;
        let plan_now = || make_plan(target, verbose);
        let recovered = recover_first(target, self.consent.dry_run, self.restart.waiting, output)?;
        let is_recovered = !self.consent.dry_run && !recovered.is_empty();
        // The recovery has changed the node, and the operator has to see that.
        let after_recovery = |mut end: Box<End>| {
            if is_recovered {
                end.0.notes.splice(0..0, recovered.iter().cloned());
                "Nothing else was changed.".clone_into(&mut end.0.message);
            }
            end
        };
        let planned = plan_now().map_err(stop).map_err(after_recovery)?;
        let mut report = report_of(&planned, recovered.clone());
        if !planned.plan.changes_something() {
            "Nothing to change.".clone_into(&mut report.message);
            return Ok((report, Exit::Done));
        }
        report.changed = true;
        if self.consent.dry_run {
            return Ok(dry_run(target, &planned.plan, report));
        }
        let restart = self.check(target, &planned, &mut report).map_err(after_recovery)?;
        if !self.is_agreed_to(restart.as_ref().map(|(_, checked)| checked), &mut report, output) {
            report.changed = false;
            "Nothing was changed.".clone_into(&mut report.message);
            return Ok((report, Exit::Refused));
        }
        let _lock = take_lock(target)?;
        let under_lock = plan_now().map_err(stop)?;
        if under_lock.plan.files != planned.plan.files || under_lock.plan.adopted != planned.plan.adopted {
            return Err(stop(
                Diagnostic::error("the node changed after the plan was made")
                    .help("another program or person may be editing it; run the same command again")
                    .into(),
            ));
        }
        match restart {
            Some((kubelet, checked)) => {
                // The plan is printed before it is applied.
                if !output.json && !self.asks_first() {
                    print_plan(output, &report);
                    report.forget_plan();
                }
                self.restart(target, kubelet, &checked, &under_lock, report, output)
            }
            None => self.apply(target, &under_lock, report),
        }
    }

    /// Checks the plan against the live node before anything is changed; notes go into `report`. With a restart: the kubelet
    /// that does it, and how.
    fn check<'t>(
        self,
        target: &'t Target,
        planned: &Planned,
        report: &mut Report,
    ) -> Result<Option<(&'t Kubelet, Checked)>, Box<End>> {
        let restart = match target.live_kubelet(&planned.plan) {
            None => None,
            Some(kubelet) => {
                let kubelet = kubelet.map_err(|refusals| stop(refusals.into()))?;
                let checked = live::check(target, kubelet, planned, self.restart).map_err(stop)?;
                report.notes.extend(checked.notes.iter().cloned());
                Some((kubelet, checked))
            }
        };
        if target.root.is_none() {
            report.notes.extend(check_receiver(target, &planned.plan, self.ignored).map_err(stop)?);
        }
        if target.is_live_tree() {
            report.notes.push(
                Diagnostic::warning("--root / is the live node: a running kubelet restarts the API server as soon as the manifest changes, and kaudit does not supervise that restart")
                    .help("the API server may be unavailable for up to 45 s; kaudit rollback --root / restores the previous state"),
            );
        }
        Ok(restart)
    }

    /// Whether to ask for confirmation.
    fn asks_first(self) -> bool {
        self.interactive && !self.consent.yes
    }

    /// Shows the plan and asks for confirmation, where there is a terminal and no `--yes`.
    fn is_agreed_to(self, restart: Option<&Checked>, report: &mut Report, output: &mut Output<'_>) -> bool {
        if !self.asks_first() {
            return true;
        }
        print_plan(output, report);
        report.forget_plan();
        if let Some(checked) = restart {
            output.line(&format!("This restarts the API server: {}.", checked.expected));
        }
        ask(output, self.verb)
    }

    /// The change on a live node, with a restart.
    fn restart(
        self,
        target: &Target,
        kubelet: &Kubelet,
        checked: &Checked,
        planned: &Planned,
        report: Report,
        output: &mut Output<'_>,
    ) -> Result<End, Box<End>> {
        let record = transaction::record_of(&planned.plan, planned.number, self.command, now());
        let outcome = live::perform(target, kubelet, planned, &record, checked, output).map_err(stop)?;
        if matches!(outcome, Outcome::Done(_)) {
            check_on_disk(target, &planned.plan)?;
        }
        Ok(describe(outcome, checked.options.method, report, &self.done(planned)))
    }

    /// The change of a tree, or of a live node without a restart.
    fn apply(self, target: &Target, planned: &Planned, mut report: Report) -> Result<End, Box<End>> {
        let mut node = target.node.clone();
        let record = transaction::record_of(&planned.plan, planned.number, self.command, now());
        match transaction::apply(&mut node, &record) {
            Ok(()) => {}
            Err(Failure::Undone(cause)) => {
                let report = Report {
                    refusals: vec![Diagnostic::error(format!("{cause:#}"))],
                    message: "Nothing was changed: every file is as before.".to_owned(),
                    ..Report::default()
                };
                return Err((report, Exit::Refused).into());
            }
            Err(Failure::Stuck { cause, undoing }) => {
                report.refusals.push(Diagnostic::error(format!("{cause:#}")));
                report
                    .refusals
                    .push(Diagnostic::error(format!("the change could not be undone: {undoing:#}")));
                return Err(manual_intervention(report).into());
            }
        }
        check_on_disk(target, &planned.plan)?;
        report.verified = Verified { on_disk: true, ..Verified::default() };
        report.message = self.done(planned);
        if target.root.is_some() && !target.is_live_tree() {
            report.hint =
                Some("only the files of this directory tree were changed; nothing was restarted".to_owned());
        }
        Ok((report, Exit::Done))
    }

    /// The message of a successful run.
    fn done(self, planned: &Planned) -> String {
        let what = match self.command {
            "enable" => "Audit logging is enabled",
            "disable" => "Audit logging is disabled",
            "restart" => "The API server is restarted",
            _ => "The rollback is complete",
        };
        format!("{what} (generation {}).", planned.number)
    }
}

/// The end of a run before it changes anything.
fn stop(obstacle: Obstacle) -> Box<End> {
    refuse(obstacle).into()
}

/// The end of a run that only shows its plan.
fn dry_run(target: &Target, plan: &Plan, mut report: Report) -> End {
    if plan.brings_webhook && target.root.is_none() {
        report.notes.push(
            Diagnostic::info("the webhook's receiver was not contacted")
                .help("to test it, run kaudit webhook check with the same options"),
        );
    }
    report.dry_run = true;
    "Dry run: nothing was changed.".clone_into(&mut report.message);
    (report, Exit::Done)
}

/// Reads every written file again.
fn check_on_disk(target: &Target, plan: &Plan) -> Result<(), Box<End>> {
    for file in plan.changed_files() {
        let expected = file.after.as_ref().map(|state| &state.bytes);
        let problem = match target.node.read_file(&file.path, MANIFEST_LIMIT) {
            Ok(now) if now.as_ref().map(|state| &state.bytes) == expected => continue,
            Ok(_) => format!("{} does not have the content that was written", file.path.display()),
            Err(error) => format!("{error:#}"),
        };
        let refusals = vec![Diagnostic::error(problem)];
        return Err(manual_intervention(Report { refusals, ..Report::default() }).into());
    }
    Ok(())
}

/// What a plan looks like before it is applied.
pub(super) fn report_of(planned: &Planned, mut notes: Vec<Diagnostic>) -> Report {
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

fn ask(output: &mut Output<'_>, verb: &str) -> bool {
    output.prompt(&format!("{verb}? [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
