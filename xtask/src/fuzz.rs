//! `cargo xtask fuzz`: the byte-mutation tests, which `cargo test` gives an instant, for as long as one likes.

use anyhow::Result;

use crate::property::optimised_tests;
use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{arguments, choose_areas};

/// The variable that a byte-mutation test reads. Reading it is what makes a test one.
const VARIABLE: &str = "KAUDIT_FUZZ_SECONDS";

/// How long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long each test runs
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) seconds: u32,
}

/// Runs the byte-mutation tests, optimised, and counts them.
///
/// # Errors
///
/// When there are none, or cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let targets = choose_areas(project, &format!("reads {VARIABLE}"), |area| area.contains(VARIABLE))?;
    let mut cargo = optimised_tests(project);
    run_tests(cargo.args(arguments(&targets)).env(VARIABLE, options.seconds.to_string()))
}
