//! `cargo xtask ci`: all checks that a change must pass, in order. Requires Go and root; installs other requirements into a
//! cache outside the tree.
//!
//! Random tests try a part of the inputs of [`soak`], with the same seed in every run. So a failure is caused by the change;
//! a failure with another seed is a separate bug.

use std::env;
use std::process::{Command, Output};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::shell::project::Project;
use crate::shell::steps::{Step, run_all};
use crate::{bench, deny, dist, e2e, fuzz, lint, oracle, property, shippers, steering, test};

/// How many random inputs each property gets here.
const PROPERTY_CASES: u32 = 4_000;
/// How long each byte-mutation test runs here.
const FUZZ_SECONDS: u32 = 20;
/// How often `bench` runs each program here.
const BENCH_RUNS: u16 = 40;
/// How large the log is that `bench` replays and searches here, in MB.
const BENCH_LOG: u64 = 128;

/// How to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The seed of random tests
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The start time for the table of times: seconds since 1970, as in $EPOCHSECONDS
    #[arg(long, value_name = "SECONDS")]
    began: Option<u64>,
}

/// Runs the steps, and builds Kubernetes in parallel.
///
/// # Errors
///
/// When a step fails.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let seed = options.seed;
    let before = options.began.map(since).transpose()?;
    println!("random tests use the seed {seed}; `cargo xtask ci --seed {seed}` repeats them");
    thread::scope(|scope| {
        let kubernetes = scope.spawn(build_kubernetes);
        let mut steps = test::steps(project);
        steps.extend([
            Step::check("lint", "cargo xtask lint", || lint::run(project)),
            Step::check("deny", "cargo xtask deny", || deny::run(project)),
            Step::tests("oracle", "cargo xtask oracle", || oracle::run(project, &oracle::Options { seed })),
            Step::tests("property", "cargo xtask property", || {
                property::run(project, &property::Options { cases: PROPERTY_CASES, seed })
            }),
            Step::tests("fuzz", "cargo xtask fuzz", || {
                fuzz::run(project, &fuzz::Options { seconds: FUZZ_SECONDS, seed })
            }),
            Step::tests("steering", "cargo xtask steering", || steering::run(project)),
            Step::check("shippers", "cargo xtask shippers", || shippers::run(project)),
            Step::check("dist", "cargo xtask dist", || dist::run(project).map(drop)),
            // Wait for the build, so that nothing else runs during the measurements.
            Step::check("kubernetes", "cargo xtask node build", || finish(kubernetes)),
            Step::check("bench", "cargo xtask bench --enforce", || {
                bench::run(project, &bench::Options { runs: BENCH_RUNS, log_size: BENCH_LOG, enforce: true })
            }),
            Step::parts("control plane", "cargo xtask e2e", || {
                e2e::run_all(project, &e2e::Options::default())
            }),
        ]);
        run_all("ci", before, steps)
    })
}

fn since(began: u64) -> Result<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("reading the time")?;
    now.checked_sub(Duration::from_secs(began)).context("--began is in the future")
}

/// Builds the Kubernetes releases at low priority. Prints nothing meanwhile: its lines would mix with those of the steps.
fn build_kubernetes() -> Result<Output> {
    let this = env::current_exe().context("finding this program")?;
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(this).args(["node", "build"]).output().context("building Kubernetes")
}

fn finish(kubernetes: ScopedJoinHandle<'_, Result<Output>>) -> Result<()> {
    let output = kubernetes.join().map_err(|_| anyhow!("building Kubernetes has panicked"))??;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
