//! `cargo xtask soak`: the random tests of `ci` at full length, with a new seed each time. It takes hours.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::shell::project::Project;
use crate::shell::steps::{Step, run_all};
use crate::{bench, e2e, fuzz, oracle, property};

/// Options.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The seed of random tests; a new one each time by default
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many random inputs each property gets
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    cases: u32,
    /// How long each byte-mutation test runs
    #[arg(long, value_name = "N", default_value_t = 300)]
    seconds: u32,
}

/// Runs the steps.
///
/// # Errors
///
/// When a step fails.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let Options { seed, cases, seconds } = *options;
    let seed = seed.map_or_else(new_seed, Ok)?;
    println!("random tests use the seed {seed}; `cargo xtask soak --seed {seed}` repeats them");
    run_all(
        "soak",
        None,
        vec![
            Step::tests("oracle", "cargo xtask oracle --seed N", || {
                oracle::run(project, &oracle::Options { seed })
            }),
            Step::tests("property", "cargo xtask property --seed N", || {
                property::run(project, &property::Options { cases, seed })
            }),
            Step::tests("fuzz", "cargo xtask fuzz --seed N", || {
                fuzz::run(project, &fuzz::Options { seconds, seed })
            }),
            Step::check("bench", "cargo xtask bench --enforce", || {
                bench::run(project, &bench::Options { enforce: true, ..bench::Options::default() })
            }),
            Step::parts("control plane", "cargo xtask e2e --every-release", || {
                e2e::run_all(project, &e2e::Options::every_release())
            }),
        ],
    )
}

/// A short number, which is easy to type.
fn new_seed() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("reading the time")?;
    Ok(u64::from(now.subsec_nanos()))
}
