//! `cargo xtask test`: format, every test, project rules. Requires only Rust.

use anyhow::Result;

use crate::shell::command::run as start;
use crate::shell::project::Project;
use crate::shell::steps::{Step, run_all};
use crate::shell::tally::run_tests;
use crate::tidy;

/// Runs the three steps.
///
/// # Errors
///
/// When one fails.
pub(crate) fn run(project: &Project) -> Result<()> {
    run_all("test", None, steps(project))
}

/// The steps, which `cargo xtask ci` begins with.
pub(crate) fn steps(project: &Project) -> Vec<Step<'_>> {
    vec![
        Step::check("format", "cargo fmt --all", || {
            start(project.cargo().args(["fmt", "--all", "--", "--check"]))
        }),
        Step::tests("tests", "cargo test --workspace", || {
            // Every target is run, so that one failure does not hide another.
            run_tests(project.cargo().args(["test", "--workspace", "--no-fail-fast"]))
        }),
        Step::check("project rules", "cargo xtask tidy", || tidy::run(project)),
    ]
}
