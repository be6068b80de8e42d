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

use std::process;
use std::thread;

use anyhow::{Result, bail};

use self::api_server::ApiServer;
use self::cases::{CASES, Case};
use self::trial::Trial;
use crate::node::progress::Progress;
use crate::node::release::Release;
use crate::node::require_root;
use crate::node::running::Node;
use crate::shell::project::Project;

/// Which cases.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    /// The one to run; all of them without a name
    name: Option<String>,
    /// Print the names, run nothing
    #[arg(long)]
    list: bool,
    /// Run with this Kubernetes release only
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
}

/// Runs the cases and prints a summary. A failed case does not hide a later one.
///
/// # Errors
///
/// When a case fails, or there is none of that name.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if options.list {
        println!("{}", list());
        return Ok(());
    }
    let cases = choose(options.name.as_deref())?;
    require_root()?;
    let releases = match &options.kubernetes {
        Some(version) => vec![Release::find(project, version)?],
        None => Release::all(project)?,
    };
    kaudit::build(project)?;

    let progress = Progress::begin();
    // A program that has to be built is built once.
    for release in &releases {
        release.build(project, &progress)?;
    }
    let all = options.name.is_none();
    let of = |release: &Release, is_alone: bool| -> Vec<&Case> {
        let is_for = |case: &Case| !all || case.only.is_none_or(|only| only == release.version);
        cases.iter().copied().filter(|case| case.is_alone == is_alone && is_for(case)).collect()
    };
    let (mut count, mut failed) = (0, Vec::new());
    for release in &releases {
        let alone = of(release, true);
        count += alone.len() + of(release, false).len();
        failed.extend(run_cases(project, release, &alone, &progress));
    }
    // They wait far more than they work.
    thread::scope(|scope| {
        let runs: Vec<_> = releases
            .iter()
            .map(|release| scope.spawn(|| run_cases(project, release, &of(release, false), &progress)))
            .collect();
        for run in runs {
            failed.extend(run.join().unwrap_or_else(|_| vec!["a release, by a panic".to_owned()]));
        }
    });
    let passed = count.saturating_sub(failed.len());
    println!("{passed} passed, {} failed", failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Runs these cases, one after the other, and returns what failed.
fn run_cases(project: &Project, release: &Release, cases: &[&Case], progress: &Progress) -> Vec<String> {
    let progress = progress.about(&release.version);
    let mut failed = Vec::new();
    for case in cases {
        let title = format!("{} with Kubernetes {}", case.name, release.version);
        progress.say(&format!("=== {title}"));
        match run_case(project, release, case, &progress) {
            Ok(()) => progress.say(&format!("=== ok: {title}")),
            Err(error) => {
                progress.say(&format!("=== FAILED: {title}: {error:#}"));
                failed.push(title);
            }
        }
    }
    failed
}

/// A line for each case.
fn list() -> String {
    let width = CASES.iter().map(|case| case.name.len()).max().unwrap_or_default();
    let lines: Vec<String> =
        CASES.iter().map(|Case { name, shows, .. }| format!("{name:<width$}  {shows}")).collect();
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
    // Two runs at once do not get in each other's way.
    let name = format!("e2e-{}-{}", release.version.replace('.', "-"), process::id());
    let node = Node::start(project, release, &name, progress)?;
    let api_server = ApiServer::new(&node);
    let trial = Trial { project, node: &node, api_server, version: &release.version, progress };
    let result = (case.run)(&trial);
    if result.is_err() {
        node.print_logs();
    }
    node.stop()?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_columns() {
        let list = list();
        let column = |(line, case): (&str, &Case)| line.find(case.shows).unwrap();
        let columns: Vec<usize> = list.lines().zip(CASES).map(column).collect();
        assert_eq!(columns.len(), CASES.len());
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
