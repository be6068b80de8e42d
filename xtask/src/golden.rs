//! `cargo xtask golden`: the cases whose complete output is stored in a file: compares or rewrites the files.

use anyhow::Result;

use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{arguments, choose_files};

/// Compare or rewrite.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rewrite what differs; read the result with `git diff` before committing it
    #[arg(long)]
    bless: bool,
}

/// Runs the tests that read `KAUDIT_BLESS` and counts them.
///
/// # Errors
///
/// When there are no such tests, or cargo cannot be started.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let targets = choose_files(project, "KAUDIT_BLESS")?;
    let mut cargo = project.cargo();
    if options.bless {
        cargo.env("KAUDIT_BLESS", "1");
    }
    run_tests(cargo.arg("test").args(arguments(&targets)))
}
