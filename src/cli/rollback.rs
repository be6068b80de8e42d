//! `rollback`: restore an earlier generation.

use super::change::{Change, Context};
use super::enable::read_for_change;
use super::options::ChangeOptions;
use super::planned::Planned;
use super::target::Target;
use crate::exit::Exit;
use crate::plan::plan_rollback;
use crate::report::{Output, Report};
use clap::Args;

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit rollback          undo the last change
  kaudit rollback --to 0   restore the node as it was before kaudit
  kaudit rollback --to 3 --dry-run";

/// The options of `rollback`.
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// The generation to restore; 0 is the node before kaudit [default: the newest one whose files differ from the
    /// current ones by more than a restart]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Roll back even if the manifest, or kaudit's policy or webhook kubeconfig, was edited since; the edit is
    /// kept in the new generation
    #[arg(long)]
    discard_edits: bool,
    /// How to change the node.
    #[command(flatten)]
    change: ChangeOptions,
}

/// Runs it.
pub(super) fn run(
    args: &RollbackArgs,
    context: Context,
    target: &Target,
    output: &mut Output<'_>,
) -> (Report, Exit) {
    Change::of("rollback", "Roll back", args.change, context).run(target, output, |target, _| {
        let (manifest, observed) = read_for_change(&target.node, &target.manifest)?;
        Ok(Planned::of(plan_rollback(&observed, args.to, args.discard_edits)?, manifest, &observed))
    })
}
