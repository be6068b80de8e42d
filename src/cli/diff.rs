//! `diff`: what `enable` with the same options would change.

use super::change::report_of;
use super::end::refuse;
use super::settings::Settings;
use super::target::Target;
use super::{enable, intent};
use crate::exit::Exit;
use crate::report::{Output, Report};

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit diff --policy default
  kaudit diff --log-maxage 60 -v";

/// Runs it: `enable --dry-run`, with an exit code that says whether something would change.
pub(super) fn run(settings: &Settings, target: &Target, output: &Output<'_>) -> (Report, Exit) {
    let ignored = &settings.ignore.ignore_preflight_errors;
    let planned = intent::understand(settings, target)
        .map_err(Into::into)
        .and_then(|wanted| enable::plan(target, &wanted, ignored, output.verbose));
    let planned = match planned {
        Ok(planned) => planned,
        Err(obstacle) => return refuse(obstacle),
    };
    let changed = planned.plan.changes_something();
    let (message, exit) = if changed {
        ("enable would make these changes.", Exit::Differences)
    } else {
        ("Nothing to change.", Exit::Done)
    };
    let report = report_of(&planned, Vec::new());
    (Report { dry_run: true, changed, message: message.to_owned(), ..report }, exit)
}
