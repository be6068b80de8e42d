//! `cargo xtask deny`: licences, duplicates and sources of the dependencies, as `.deny.toml` allows them.
//!
//! The advisories are left out: their database is a git repository outside the package registries.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::shell::command::run as start;
use crate::shell::project::Project;

const VERSION: &str = "0.20.2";

/// Runs cargo-deny, after installing it where the cache lacks it.
///
/// # Errors
///
/// When cargo-deny cannot be installed or rejects a dependency.
pub(crate) fn run(project: &Project) -> Result<()> {
    let cargo_deny = install(project)?;
    // `--locked`: check the versions in Cargo.lock.
    start(
        Command::new(cargo_deny)
            .current_dir(&project.root)
            .args(["--locked", "check", "licenses", "bans", "sources"]),
    )
}

fn install(project: &Project) -> Result<PathBuf> {
    let place = project.cache.join(format!("cargo-deny-{VERSION}"));
    let program = place.join("bin/cargo-deny");
    if !program.is_file() {
        let package = format!("cargo-deny@{VERSION}");
        // A debug build takes a third of the time, and the check still takes only a second.
        start(
            project
                .cargo()
                .args(["install", "--debug", "--locked", &package, "--root"])
                .arg(&place)
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )?;
    }
    Ok(program)
}
