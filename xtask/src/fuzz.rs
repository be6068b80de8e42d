//! `cargo xtask fuzz`: the byte-mutation tests, which `cargo test` runs for a moment only, for a chosen time.

use anyhow::Result;

use crate::property::{SEED, optimised_tests};
use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{arguments, choose_areas};

/// The variable that a byte-mutation test reads. A test that reads it is run by this task.
const VARIABLE: &str = "KAUDIT_FUZZ_SECONDS";

/// Options.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long each test runs
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) seconds: u32,
    /// The seed of the random inputs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Runs the byte-mutation tests, optimised, and counts them.
///
/// # Errors
///
/// When there are no such tests, or cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let targets = choose_areas(project, &format!("reads {VARIABLE}"), |area| area.contains(VARIABLE))?;
    let mut cargo = optimised_tests(project);
    let Options { seconds, seed } = options;
    run_tests(cargo.args(arguments(&targets)).env(VARIABLE, seconds.to_string()).env(SEED, seed.to_string()))
}
