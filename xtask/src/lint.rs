//! `cargo xtask lint`: clippy over every target of the workspace; a warning fails.

use anyhow::Result;

use crate::shell::command::run as start;
use crate::shell::project::Project;
use crate::steering;

/// Runs clippy.
///
/// # Errors
///
/// When it warns.
pub(crate) fn run(project: &Project) -> Result<()> {
    clippy(project, &["--workspace", "--all-targets"])?;
    // "All" leaves out what `cargo test` leaves out.
    clippy(project, &["--test", steering::TARGET])
}

fn clippy(project: &Project, targets: &[&str]) -> Result<()> {
    start(project.cargo().arg("clippy").args(targets).args(["--", "-D", "warnings"]))
}
