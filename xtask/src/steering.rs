//! `cargo xtask steering`: tests with the real kernel that connections are steered as in `src/node/steering/`.
//! Requires root and a kernel with the BPF features, so `cargo test` does not run this target: without them it fails instead
//! of skipping its checks.

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
