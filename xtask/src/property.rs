//! `cargo xtask property`: the property tests with many more cases than `cargo test` takes.

use std::process::Command;

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{arguments, choose};

/// How the names of the property tests begin: those of the editor, those of the whole of `enable`, and those of policies.
const PREFIXES: [&str; 3] = ["yaml_", "enable_", "policy"];

/// How many cases.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many random inputs each property gets
    #[arg(long, value_name = "N", default_value_t = Options::default().cases)]
    cases: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { cases: 20_000 }
    }
}

/// Runs the property tests and counts them.
///
/// # Errors
///
/// When there are none, or cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let named = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let targets = choose(project, "begins with yaml_, enable_ or policy", |target| named(&target.name))?;
    let mut cargo = optimised_tests(project);
    run_tests(cargo.args(arguments(&targets)).env("KAUDIT_PROPTEST_CASES", options.cases.to_string()))
}

/// `cargo test` with the profile of `.cargo/config.toml` for tests that try very many inputs.
pub(crate) fn optimised_tests(project: &Project) -> Command {
    let mut cargo = project.cargo();
    cargo.args(["test", "--profile", "property"]);
    cargo
}
