//! `disable`: turn audit logging off.

use super::change::{Change, Context};
use super::enable::read_for_change;
use super::options::ChangeOptions;
use super::planned::Planned;
use super::target::Target;
use crate::exit::Exit;
use crate::plan::plan_disable;
use crate::report::{Output, Report};

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit disable --dry-run
  kaudit disable --drain 2s --yes";

/// Runs it.
pub(super) fn run(
    options: ChangeOptions,
    context: Context,
    target: &Target,
    output: &mut Output<'_>,
) -> (Report, Exit) {
    Change::of("disable", "Disable audit logging", options, context).run(target, output, |target, _| {
        let (manifest, observed) = read_for_change(&target.node, &target.manifest)?;
        Ok(Planned::of(plan_disable(&manifest, &observed)?, manifest, &observed))
    })
}
