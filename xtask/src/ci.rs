//! `cargo xtask ci`: everything beyond `test` that a change must pass, in order. Needs Go and root; installs what else it needs
//! into a cache outside the tree.

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::steps::{Step, run_all};
use crate::{bench, deny, dist, e2e, fuzz, lint, oracle, property, shippers, steering};

/// How long each byte-mutation test runs here. `cargo xtask fuzz` takes longer.
const FUZZ_SECONDS: u32 = 60;

/// Runs the steps.
///
/// # Errors
///
/// When one fails.
pub(crate) fn run(project: &Project) -> Result<()> {
    run_all(
        "ci",
        vec![
            Step::check("lint", "cargo xtask lint", || lint::run(project)),
            Step::check("deny", "cargo xtask deny", || deny::run(project)),
            Step::tests("oracle", "cargo xtask oracle", || oracle::run(project)),
            Step::tests("property", "cargo xtask property", || {
                property::run(project, &property::Options::default())
            }),
            Step::tests("fuzz", "cargo xtask fuzz", || {
                fuzz::run(project, &fuzz::Options { seconds: FUZZ_SECONDS })
            }),
            Step::tests("steering", "cargo xtask steering", || steering::run(project)),
            Step::check("shippers", "cargo xtask shippers", || shippers::run(project)),
            Step::check("dist", "cargo xtask dist", || dist::run(project).map(drop)),
            Step::check("bench", "cargo xtask bench --enforce", || {
                bench::run(project, &bench::Options { enforce: true, ..bench::Options::default() })
            }),
            Step::check("control plane", "cargo xtask e2e", || e2e::run(project, &e2e::Options::default())),
        ],
    )
}
