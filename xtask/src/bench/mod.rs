//! `cargo xtask bench`: what one run costs on a node, next to a tool that people know.
//!
//! Both programs run as whole processes on the same kubeadm manifest, in turn, so that a busy machine slows both:
//! kaudit plans everything and shows the diff (`enable --dry-run`), yq sets one list item. A time says something about
//! one machine only, so the goal is the ratio of the two. The same holds for the replay of a
//! log ([`replay`]), for what is looked for in one ([`logs`]) and for [decisions] about requests.

mod decisions;
mod log;
mod logs;
mod receive;
mod replay;
mod workload;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell::command::{capture, run as start, show};
use crate::shell::debian::install;
use crate::shell::go::go_that_builds;
use crate::shell::project::Project;
use crate::{dist, peak_memory};

/// kaudit's median time, as a part of yq's.
const MOST_TIME: f64 = 0.5;
/// Resident memory at kaudit's peak, in MB.
const MOST_MEMORY: f64 = 12.0;
/// Events in a second that kaudit receives, as a multiple of what a receiver in Go does. It was 2.6 to 4.7; the two share
/// the processors with the clients that send.
const LEAST_RATE: f64 = 2.0;
/// What the receiver's peak memory grows by, in MB, between some events and four times as many: nothing but what the moment
/// makes of it.
const MOST_GROWTH: f64 = 2.0;
/// The static binary, in MB. It was 4.4 before kaudit asked the API server by TLS, which takes rustls and ring, 6.4 before
/// the policy commands, a server for HTTP takes 1.0, and now it is 10.1.
const MOST_SIZE: f64 = 11.0;
/// By what factor the ratio of two speeds may miss its goal before `--enforce` fails: on a machine that is shared with
/// others such ratios differ by so much from run to run. Sizes do not.
const NOISE: f64 = 1.5;

/// The peers that Debian has, with their packages.
const PEERS: [(&str, &str); 2] = [("jq", "jq"), ("rg", "ripgrep")];

const YQ_VERSION: &str = "v4.54.1";
const MANIFEST: &str = include_str!("../../../templates/sample-node/kube-apiserver.yaml");
/// Runs before the measured ones. They bring the files into the page cache.
const WARM_UP_RUNS: u16 = 5;

/// How to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each program runs
    #[arg(long, value_name = "N", default_value_t = Options::default().runs)]
    pub(crate) runs: u16,
    /// How large the log is that is replayed and searched, in MB
    #[arg(long, value_name = "MB", default_value_t = Options::default().log_size)]
    pub(crate) log_size: u64,
    /// Fail when a goal is missed, one for a ratio of speeds by half or more
    #[arg(long)]
    pub(crate) enforce: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { runs: 100, log_size: 256, enforce: false }
    }
}

/// A measured figure beside what it should be, both in `unit`.
struct Figure {
    what: &'static str,
    measured: f64,
    goal: Goal,
    unit: &'static str,
}

/// What a figure should be.
#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    fn new(what: &'static str, measured: f64, goal: Goal, unit: &'static str) -> Self {
        Self { what, measured, goal, unit }
    }

    fn is_met(&self) -> bool {
        self.is_within(1.0)
    }

    /// Whether it misses its goal by more than such figures do by chance.
    fn is_failure(&self) -> bool {
        let is_ratio = self.unit.is_empty();
        !self.is_within(if is_ratio { NOISE } else { 1.0 })
    }

    fn is_within(&self, slack: f64) -> bool {
        match self.goal {
            Goal::AtMost(most) => self.measured <= most * slack,
            Goal::AtLeast(least) => self.measured * slack >= least,
        }
    }
}

/// Builds both programs, measures them and prints a table.
///
/// # Errors
///
/// When a program cannot be built or fails; with `enforce`, when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    ensure!(options.runs > 0, "a median needs at least one run");
    install(&PEERS)?;
    let binary = dist::run(project)?;
    let size = fs::metadata(&binary).with_context(|| format!("reading {}", binary.display()))?.len();
    let yq = install_yq(project)?;
    let root = lay_node(project)?;

    let mut kaudit = Command::new(&binary);
    kaudit.args(["enable", "--dry-run", "--policy", "default"]);
    kaudit.args(["--log-path", "/var/log/kubernetes/audit/audit.log", "--root"]).arg(&root);
    let mut set_item = Command::new(&yq);
    set_item.arg(r#".spec.containers[0].command[1] = "--x=y""#).arg(root.join(MANIFEST_PATH));

    // A program that fails early would look fast.
    expect(&mut kaudit, "--audit-policy-file=")?;
    expect(&mut set_item, "- --x=y")?;

    let (kaudit_time, yq_time) = time_in_turn(&mut kaudit, &mut set_item, options.runs)?;
    println!("\nmedians of {} runs each, in turn:", options.runs);
    println!("  {:>8.2} ms  {}", kaudit_time * 1e3, show(&kaudit));
    println!("  {:>8.2} ms  {}", yq_time * 1e3, show(&set_item));
    let mut figures = vec![
        Figure::new("time, as a part of yq's", kaudit_time / yq_time, Goal::AtMost(MOST_TIME), ""),
        Figure::new(
            "peak memory",
            megabytes(peak_memory::measure(&kaudit)?),
            Goal::AtMost(MOST_MEMORY),
            " MB",
        ),
        Figure::new("static binary", megabytes(size), Goal::AtMost(MOST_SIZE), " MB"),
    ];
    figures.extend(logs::measure(project, &binary, options.log_size * 1_000_000)?);
    figures.extend(replay::measure(project, &binary, &yq, options.log_size * 1_000_000)?);
    let rates = receive::measure(project, &binary)?;
    println!(
        "  {:>8.0} events/s  kaudit receive\n  {:>8.0} events/s  the same in Go\n  {:>8.0} events/s  kaudit receive over TLS\n  {:>8.0} events/s  kaudit receive --fsync batch",
        rates.kaudit, rates.peer, rates.tls, rates.synced
    );
    let (first, again) = (megabytes(rates.memory.0), megabytes(rates.memory.1));
    println!("  {first:>8.1} MB        its peak memory; {again:.1} MB after four times as many events");
    let what = "events received, as a multiple of Go's";
    figures.push(Figure::new(what, rates.kaudit / rates.peer, Goal::AtLeast(LEAST_RATE), ""));
    let what = "memory for four times the events received";
    figures.push(Figure::new(what, again - first, Goal::AtMost(MOST_GROWTH), " MB"));
    figures.extend(decisions::measure(project)?);
    println!();
    judge(&figures, options.enforce)
}

fn judge(figures: &[Figure], enforce: bool) -> Result<()> {
    for figure in figures {
        let Figure { what, measured, goal, unit } = figure;
        let result = if figure.is_met() { "met" } else { "MISSED" };
        let goal = match goal {
            Goal::AtMost(most) => format!("at most {most}{unit}"),
            Goal::AtLeast(least) => format!("at least {least}{unit}"),
        };
        println!("{what:<45} {measured:>6.2}{unit:<3}  goal: {goal}  {result}");
    }
    let failures: Vec<&str> =
        figures.iter().filter(|figure| figure.is_failure()).map(|figure| figure.what).collect();
    if enforce && !failures.is_empty() {
        bail!("goals missed: {}", failures.join("; "));
    }
    Ok(())
}

fn install_yq(project: &Project) -> Result<PathBuf> {
    let directory = project.cache.join(format!("yq-{YQ_VERSION}"));
    let program = directory.join("yq");
    if !program.is_file() {
        let package = format!("github.com/mikefarah/yq/v4@{YQ_VERSION}");
        start(go_that_builds("install", &project.root)?.arg(&package).env("GOBIN", &directory))?;
    }
    Ok(program)
}

/// Where kubeadm writes the manifest.
const MANIFEST_PATH: &str = "etc/kubernetes/manifests/kube-apiserver.yaml";

/// Lays the directory tree of a kubeadm node among the build products, and returns its root.
fn lay_node(project: &Project) -> Result<PathBuf> {
    let root = project.target.join("bench/node");
    let manifest = root.join(MANIFEST_PATH);
    let directory = manifest.parent().context("the manifest lies in no directory")?;
    fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
    fs::write(&manifest, MANIFEST).with_context(|| format!("writing {}", manifest.display()))?;
    Ok(root)
}

fn expect(command: &mut Command, text: &str) -> Result<()> {
    let output = capture(command)?;
    ensure!(output.contains(text), "`{}` printed no {text:?}:\n{output}", show(command));
    Ok(())
}

/// The medians of both commands' times, in seconds.
fn time_in_turn(first: &mut Command, second: &mut Command, runs: u16) -> Result<(f64, f64)> {
    let mut times = (Vec::new(), Vec::new());
    for run in 0..WARM_UP_RUNS + runs {
        let pair = (time(first)?, time(second)?);
        if run >= WARM_UP_RUNS {
            times.0.push(pair.0);
            times.1.push(pair.1);
        }
    }
    Ok((median(times.0)?, median(times.1)?))
}

fn time(command: &mut Command) -> Result<Duration> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let status = command.status().with_context(|| format!("starting `{}`", show(command)))?;
    let took = begin.elapsed();
    ensure!(status.success(), "`{}` ended with {status}", show(command));
    Ok(took)
}

/// The middle of `times`, or the mean of the two in the middle, in seconds.
fn median(times: Vec<Duration>) -> Result<f64> {
    middle(times.into_iter().map(|time| time.as_secs_f64()).collect())
}

/// The middle of the numbers, or the mean of the two in the middle.
fn middle(mut numbers: Vec<f64>) -> Result<f64> {
    numbers.sort_by(f64::total_cmp);
    let upper = numbers.get(numbers.len() / 2).context("no runs")?;
    let lower = numbers.get((numbers.len() - 1) / 2).context("no runs")?;
    Ok(f64::midpoint(*lower, *upper))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a person, of a few digits")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: &[u64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn takes_the_median() {
        let near =
            |times: &[u64], seconds: f64| (median(milliseconds(times)).unwrap() - seconds).abs() < 1e-9;
        assert!(near(&[7], 0.007));
        assert!(near(&[900, 1, 2], 0.002));
        assert!(near(&[1, 2, 4, 900], 0.003));
        assert!(near(&[5, 4, 3, 2, 1], 0.003));
        median(Vec::new()).unwrap_err();
    }

    #[test]
    fn a_missed_goal_fails_only_where_it_is_enforced() {
        let figures = |measured, goal| [Figure::new("static binary", measured, goal, " MB")];
        judge(&figures(5.1, Goal::AtMost(5.0)), false).unwrap();
        judge(&figures(5.0, Goal::AtMost(5.0)), true).unwrap();
        judge(&figures(5.0, Goal::AtLeast(5.0)), true).unwrap();
        for missed in [figures(5.1, Goal::AtMost(5.0)), figures(4.9, Goal::AtLeast(5.0))] {
            assert_eq!(judge(&missed, true).unwrap_err().to_string(), "goals missed: static binary");
        }
        let ratio = |measured, goal| [Figure::new("speed", measured, goal, "")];
        judge(&ratio(0.7, Goal::AtMost(0.5)), true).unwrap();
        judge(&ratio(0.4, Goal::AtLeast(0.5)), true).unwrap();
        judge(&ratio(0.8, Goal::AtMost(0.5)), true).unwrap_err();
        judge(&ratio(0.3, Goal::AtLeast(0.5)), true).unwrap_err();
    }
}
