//! `cargo xtask property`: the property tests with many more cases than in `cargo test`.

use std::process::Command;

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{arguments, choose_areas};

/// The variable that a property test reads. A test that reads it is run by this task.
const VARIABLE: &str = "KAUDIT_PROPTEST_CASES";

/// The variable with the seed of random tests.
pub(crate) const SEED: &str = "KAUDIT_SEED";

/// Options.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many random inputs each property gets
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) cases: u32,
    /// The seed of the random inputs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Runs the property tests and counts them.
///
/// # Errors
///
/// When there are no such tests, or cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let targets = choose_areas(project, &format!("reads {VARIABLE}"), |area| area.contains(VARIABLE))?;
    let mut cargo = optimised_tests(project);
    let Options { cases, seed } = options;
    run_tests(cargo.args(arguments(&targets)).env(VARIABLE, cases.to_string()).env(SEED, seed.to_string()))
}

/// `cargo test` with the profile of `.cargo/config.toml` for tests that try very many inputs.
pub(crate) fn optimised_tests(project: &Project) -> Command {
    let mut cargo = project.cargo();
    cargo.args(["test", "--profile", "property"]);
    cargo
}
