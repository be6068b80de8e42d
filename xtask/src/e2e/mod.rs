//! `cargo xtask e2e`: what only a real control plane can show. Every case gets a fresh node for every Kubernetes
//! release that the project has.

mod api_server;
mod cases;
mod client;
pub(crate) mod discovery;
mod files;
mod kaudit;
mod little_memory;
mod load;
mod obstacles;
mod pki;
mod prober;
mod processes;
mod receiver;
mod remains;
mod snapshot;
mod trial;
mod watches;

use std::collections::VecDeque;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};

use self::api_server::ApiServer;
use self::cases::{CASES, Case, Only};
use self::trial::Trial;
use crate::dist;
use crate::node::progress::Progress;
use crate::node::release::Release;
use crate::node::require_root;
use crate::node::running::Node;
use crate::shell::project::Project;
use crate::shell::steps::Part;

/// Which cases.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The one to run; all of them without a name
    name: Option<String>,
    /// Print the names, run nothing
    #[arg(long)]
    list: bool,
    /// Run with this Kubernetes release only
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// Run each case with each release, also where the result does not depend on the release
    #[arg(long)]
    every_release: bool,
    /// How many nodes run in parallel, except for cases that must run alone
    #[arg(long, value_name = "N", default_value_t = Options::default().at_once)]
    at_once: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { name: None, list: false, kubernetes: None, every_release: false, at_once: 2 }
    }
}

impl Options {
    /// Every case with every release.
    pub(crate) fn every_release() -> Options {
        Options { every_release: true, ..Options::default() }
    }
}

/// Prints the names of the cases, or runs them and prints how each ended.
///
/// # Errors
///
/// When a case fails, or no case has that name.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if options.list {
        println!("{}", list());
        return Ok(());
    }
    let parts = run_all(project, options)?;
    println!("\n=== e2e: summary");
    for part in &parts {
        println!("{}", part.line());
    }
    let failed: Vec<&str> = parts.iter().filter(|part| !part.passed).map(|part| part.name.as_str()).collect();
    println!("{} passed, {} failed", parts.len() - failed.len(), failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Runs the cases, and prints the result and the duration of each. A failed case does not stop the later ones.
///
/// # Errors
///
/// When no case has that name, or a required program cannot be built.
pub(crate) fn run_all(project: &Project, options: &Options) -> Result<Vec<Part>> {
    ensure!(options.at_once > 0, "cases need a node to run on");
    let cases = choose(options.name.as_deref())?;
    require_root()?;
    let releases = match &options.kubernetes {
        Some(version) => vec![Release::find(project, version)?],
        None => Release::all(project)?,
    };
    // The cases test the program that is handed out.
    dist::run(project)?;
    let progress = Progress::begin();
    // A program that has to be built is built once.
    for release in &releases {
        release.build(project, &progress)?;
    }

    let runs_with_each = options.name.is_some() || options.every_release;
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for case in cases {
        for release in &releases {
            if runs_with_each || case.only.as_ref().is_none_or(|only| only.version == release.version) {
                jobs.push(Job { case, release });
            }
        }
    }
    let (alone, together): (Vec<Job<'_>>, Vec<Job<'_>>) = jobs.into_iter().partition(|job| job.case.is_alone);
    let mut parts = run_jobs(project, &progress, alone, 1)?;
    // They wait far more than they work.
    parts.extend(run_jobs(project, &progress, together, options.at_once)?);
    Ok(parts)
}

/// A case to be run with a release.
struct Job<'a> {
    case: &'static Case,
    release: &'a Release,
}

/// Runs the jobs in their order, several in parallel.
fn run_jobs(project: &Project, progress: &Progress, jobs: Vec<Job<'_>>, at_once: usize) -> Result<Vec<Part>> {
    let queue = Mutex::new(VecDeque::from(jobs));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| {
                    let mut parts = Vec::new();
                    while let Some(job) = next() {
                        parts.push(run_job(project, &job, progress));
                    }
                    parts
                })
            })
            .collect();
        let mut parts = Vec::new();
        for worker in workers {
            parts.extend(worker.join().map_err(|_| anyhow!("a case has panicked"))?);
        }
        Ok(parts)
    })
}

fn run_job(project: &Project, Job { case, release }: &Job<'_>, progress: &Progress) -> Part {
    let name = format!("{} {}", case.name, release.version);
    let progress = progress.about(&name);
    progress.say(&format!("=== begins: {}", case.shows));
    let begin = Instant::now();
    let result = run_case(project, release, case, &progress);
    let took = begin.elapsed();
    match &result {
        Ok(()) => progress.say(&format!("=== ok after {:.0} s", took.as_secs_f64())),
        Err(error) => progress.say(&format!("=== FAILED: {error:#}")),
    }
    Part { name, took, passed: result.is_ok() }
}

/// A line for each case, and one for the reason why it runs with one release only.
fn list() -> String {
    let width = CASES.iter().map(|case| case.name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for Case { name, shows, only, .. } in CASES {
        lines.push(format!("{name:<width$}  {shows}"));
        if let Some(Only { version, reason }) = only {
            lines.push(format!("{:<width$}  only with {version}: {reason}", ""));
        }
    }
    lines.join("\n")
}

fn choose(name: Option<&str>) -> Result<Vec<&'static Case>> {
    let cases: Vec<&Case> = CASES.iter().filter(|case| name.is_none_or(|name| case.name == name)).collect();
    if cases.is_empty() {
        let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        bail!("no case {}; there is {}", name.unwrap_or_default(), names.join(", "));
    }
    Ok(cases)
}

fn run_case(project: &Project, release: &Release, case: &Case, progress: &Progress) -> Result<()> {
    // Two concurrent runs do not conflict.
    let name = node_name(case.name, &release.version, process::id());
    let node = Node::start(project, release, &name, dist::directory(project), progress)?;
    let api_server = ApiServer::new(&node);
    let trial = Trial { project, node: &node, api_server, version: &release.version, progress };
    let result = (case.run)(&trial);
    if result.is_err() {
        node.print_logs();
    }
    node.stop()?;
    result
}

/// At most 40 characters, as for every node.
fn node_name(case: &str, version: &str, pid: u32) -> String {
    format!("{case}-{}-{pid}", version.replace('.', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nodes_are_short_enough() {
        for case in CASES {
            let name = node_name(case.name, "1.36.22", 1 << 22);
            assert!(name.len() <= 40, "{name}");
        }
    }

    #[test]
    fn lists_in_columns() {
        let list = list();
        let line = |case: &Case| list.lines().find(|line| line.starts_with(&format!("{} ", case.name)));
        let columns: Vec<usize> =
            CASES.iter().map(|case| line(case).unwrap().find(case.shows).unwrap()).collect();
        assert!(columns.iter().all(|column| *column == columns[0]), "{list}");
    }

    #[test]
    fn chooses_by_name() {
        assert_eq!(choose(None).unwrap().len(), CASES.len());
        assert_eq!(
            choose(Some("starts")).unwrap().iter().map(|case| case.name).collect::<Vec<_>>(),
            ["starts"]
        );
        assert!(choose(Some("nothing")).unwrap_err().to_string().contains("offline-enable"));
    }
}
