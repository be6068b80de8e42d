//! `cargo xtask schema`: the JSON schemas in `docs/schema`, rewritten or compared.
//!
//! The unit tests of kaudit generate them from its types, so `cargo xtask test` compares them too.

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};

/// Write or compare.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if a file is outdated
    #[arg(long)]
    check: bool,
}

/// Runs the tests that generate the schemas and counts them.
///
/// # Errors
///
/// When cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let mut cargo = project.cargo();
    if !options.check {
        cargo.env("KAUDIT_BLESS", "1");
    }
    run_tests(cargo.args(["test", "--package", "kaudit", "--lib", "cli::schema::"]))
}
