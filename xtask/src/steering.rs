//! `cargo xtask steering`: whether the kernel steers connections as `src/node/steering/` says. Needs root and a
//! kernel that can, which is why `cargo test` leaves this target out: without them it fails, and never passes by
//! doing nothing.

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};

/// The test's name in `Cargo.toml`.
pub(crate) const TARGET: &str = "steering";

/// Runs the test and counts its cases.
///
/// # Errors
///
/// When cargo cannot be started, or no case was run.
pub(crate) fn run(project: &Project) -> Result<Tally> {
    run_tests(project.cargo().args(["test", "--test", TARGET]))
}
