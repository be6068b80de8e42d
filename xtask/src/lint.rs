//! `cargo xtask lint`: clippy over every target of the workspace; a warning fails.

use anyhow::Result;

use crate::shell::command::run as start;
use crate::shell::project::Project;

/// Runs clippy.
///
/// # Errors
///
/// When it warns.
pub(crate) fn run(project: &Project) -> Result<()> {
    start(project.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
