//! `restart`: restart the API server; an edited policy takes effect.

use super::change::{Change, Context};
use super::enable::read_for_change;
use super::options::ChangeOptions;
use super::planned::Planned;
use super::target::Target;
use crate::exit::Exit;
use crate::node::now;
use crate::observe::look;
use crate::plan::{ReadSet, plan_restart};
use crate::report::{Output, Report};

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit restart           make a policy effective that was edited here
  kaudit restart --restart move --drain 2s";

/// Runs it.
pub(super) fn run(
    options: ChangeOptions,
    context: Context,
    target: &Target,
    output: &mut Output<'_>,
) -> (Report, Exit) {
    let time = now();
    Change::of("restart", "Restart the API server", options, context).run(target, output, |target, _| {
        let (manifest, mut observed) = read_for_change(&target.node, &target.manifest)?;
        look(&target.node, &mut observed, &ReadSet::of_inputs(&manifest))?;
        Ok(Planned::of(plan_restart(&manifest, &observed, &time)?, manifest, &observed))
    })
}
