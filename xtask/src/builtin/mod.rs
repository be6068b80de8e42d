//! `cargo xtask builtin`: the table of the API server's own resources, from real API servers.
//!
//! `src/policy/builtin.txt` is what `policy lint` knows of resources and groups. A node of every Kubernetes release that the
//! project has is started with all APIs on and asked for its discovery. Older releases cannot be asked: what the table
//! says of them is carried forward.

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

/// What to do with what was found.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when the table is not what the API servers say
    #[arg(long)]
    check: bool,
}

/// Asks, and writes or checks the table.
///
/// # Errors
///
/// When a node does not come up, or the table is to be checked and differs.
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
/// When it differs; the error has the lines and the command that brings them up to date.
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
