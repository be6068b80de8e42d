//! `cargo xtask builtin`: the table of the API server's own resources, from real API servers.
//!
//! `src/policy/builtin.txt` is the table of resources and groups for `policy lint`. This task starts a node of every
//! Kubernetes release in the project with all APIs enabled, and reads its discovery. For older releases, which it cannot
//! start, it keeps the entries of the table.

pub(crate) mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use self::table::{Served, carry_forward, differences};
use crate::e2e::discovery;
use crate::node::progress::Progress;
use crate::node::release::Release;
use crate::node::require_root;
use crate::shell::project::Project;

/// Options.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when the table differs from the discovery of the API servers
    #[arg(long)]
    check: bool,
}

/// Reads the discovery, and writes or checks the table.
///
/// # Errors
///
/// When a node does not start, or the table differs when it is checked.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    require_root()?;
    let progress = Progress::begin();
    let mut served = BTreeMap::new();
    for release in Release::all(project)? {
        served.insert(release.minor()?, discovery::of_release(project, &release, &progress)?);
    }
    if options.check {
        return check(project, &served);
    }
    let before = read(project)?;
    let after = carry_forward(&before, &served)?;
    for line in differences(&before, &after) {
        progress.say(&line);
    }
    fs::write(place(project), after).with_context(|| format!("writing {}", place(project).display()))
}

/// Compares the table with what API servers serve, by minor release.
///
/// # Errors
///
/// When it differs; the error has the lines and the command that updates them.
pub(crate) fn check(project: &Project, served: &BTreeMap<u32, Served>) -> Result<()> {
    let before = read(project)?;
    let differences = differences(&before, &carry_forward(&before, served)?);
    if !differences.is_empty() {
        bail!(
            "{} is not what the API server says; `cargo xtask builtin` writes it:\n{}",
            place(project).display(),
            differences.join("\n")
        );
    }
    Ok(())
}

fn read(project: &Project) -> Result<String> {
    fs::read_to_string(place(project)).with_context(|| format!("reading {}", place(project).display()))
}

fn place(project: &Project) -> PathBuf {
    project.root.join("src/policy/builtin.txt")
}
