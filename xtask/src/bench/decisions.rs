//! The speed of policy decisions, compared with the API server's own evaluator: `tests/go/policy` and `tests/policy/bench.rs`
//! both measure their own time on one core, on the same policies and the same requests.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Figure, Goal, middle, workload};
use crate::shell::command::{capture, show};
use crate::shell::project::Project;
use crate::{dist, oracle};

/// kaudit's time for one decision, as a part of that of the API server's evaluator: the geometric mean of the policies,
/// so that none of them counts more because it takes longer.
const MOST_TIME: f64 = 0.2;
/// The same for kaudit's slowest policy, so that the mean cannot hide it.
const MOST_TIME_OF_ONE: f64 = 0.5;
/// How often each program runs.
const RUNS: usize = 7;
/// How long it runs with each policy.
const MILLISECONDS: usize = 100;

/// The figures of a program for one policy.
struct Line {
    name: String,
    /// How many requests get each level.
    levels: Value,
    nanoseconds: f64,
    /// The time of the simple reference evaluator, which only kaudit has.
    naive: f64,
}

/// Measures both programs in turn and prints the times for each policy.
///
/// # Errors
///
/// When a program cannot be built or fails, or when their decisions differ.
pub(super) fn measure(project: &Project) -> Result<[Figure; 2]> {
    let go = oracle::build_one(project, "policy")?;
    let cases = write_cases(project)?;
    let duration = format!("{MILLISECONDS}ms");
    let mut ratios = Vec::new();
    let mut times: BTreeMap<String, [Vec<f64>; 3]> = BTreeMap::new();
    for _ in 0..RUNS {
        let theirs = run(Command::new(&go).args(["-time", &duration]).env("GOMAXPROCS", "1"), &cases)?;
        let ours = run(&mut bench(project), &cases)?;
        ensure!(theirs.len() == ours.len(), "{} and {} policies were measured", theirs.len(), ours.len());
        let pairs = ours.iter().zip(&theirs);
        ratios.push(geometric_mean(
            pairs.map(|(ours, theirs)| ours.nanoseconds / theirs.nanoseconds).collect(),
        )?);
        for (ours, theirs) in ours.iter().zip(theirs) {
            if ours.name != theirs.name || ours.levels != theirs.levels {
                bail!("{}: {} here, {} by the API server", ours.name, ours.levels, theirs.levels);
            }
            let [kaudit, naive, go] = times.entry(ours.name.clone()).or_default();
            kaudit.push(ours.nanoseconds);
            naive.push(ours.naive);
            go.push(theirs.nanoseconds);
        }
    }
    println!("\nmillions of decisions per second on one core, medians of {RUNS} runs each, in turn:");
    println!("  {:>8} {:>8} {:>8} {:>8}", "kaudit", "naive", "Go", "of Go's");
    let mut worst = (0.0, String::new());
    for (name, [kaudit, naive, go]) in times {
        let (kaudit, naive, go) = (middle(kaudit)?, middle(naive)?, middle(go)?);
        let (ours, readable, theirs, part) = (1e3 / kaudit, 1e3 / naive, 1e3 / go, kaudit / go);
        println!("  {ours:>8.1} {readable:>8.1} {theirs:>8.1} {part:>8.3}  {name}");
        if part > worst.0 {
            worst = (part, name);
        }
    }
    let (worst, name) = worst;
    println!("  the worst of them: {name}, {worst:.3} of Go's time");
    Ok([
        Figure::new("a decision, as a part of Go's", middle(ratios)?, Goal::AtMost(MOST_TIME), ""),
        Figure::new("the same, of the worst policy", worst, Goal::AtMost(MOST_TIME_OF_ONE), ""),
    ])
}

fn geometric_mean(ratios: Vec<f64>) -> Result<f64> {
    let many = u32::try_from(ratios.len()).context("too many policies")?;
    ensure!(many > 0, "no policies");
    Ok((ratios.into_iter().map(f64::ln).sum::<f64>() / f64::from(many)).exp())
}

/// Writes a line for each policy, with all requests.
fn write_cases(project: &Project) -> Result<std::path::PathBuf> {
    let directory = project.target.join("bench");
    fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
    let path = directory.join("decisions.jsonl");
    let requests = workload::requests();
    let line = |(name, policy)| json!({ "name": name, "policy": policy, "requests": requests }).to_string();
    let lines: Vec<String> = workload::policies().into_iter().map(line).collect();
    fs::write(&path, lines.join("\n")).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// The bench uses the profile of the released binary, so that most of it is built already.
fn bench(project: &Project) -> Command {
    let mut cargo = project.cargo();
    cargo.args(["bench", "--quiet", "--locked", "--profile", dist::PROFILE, "--bench", "decisions"]);
    cargo.args(["--target", dist::TARGET, "--"]).arg(MILLISECONDS.to_string());
    cargo
}

fn run(command: &mut Command, cases: &Path) -> Result<Vec<Line>> {
    let input = File::open(cases).with_context(|| format!("opening {}", cases.display()))?;
    let output = capture(command.stdin(Stdio::from(input)))?;
    output
        .lines()
        .map(read_line)
        .collect::<Option<_>>()
        .with_context(|| format!("reading `{}`", show(command)))
}

fn read_line(line: &str) -> Option<Line> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(Line {
        name: line.get("name")?.as_str()?.to_owned(),
        levels: line.get("levels")?.clone(),
        nanoseconds: line.get("nanoseconds")?.as_f64()?,
        naive: line.get("naive").and_then(Value::as_f64).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_policy_counts_more_than_another() {
        let near = |ratios: &[f64], mean: f64| (geometric_mean(ratios.to_vec()).unwrap() - mean).abs() < 1e-9;
        assert!(near(&[0.25], 0.25));
        assert!(near(&[0.1, 1000.0], 10.0));
        geometric_mean(Vec::new()).unwrap_err();
    }

    #[test]
    fn lines_of_both_programs_are_read() {
        let line = read_line(r#"{"name":"a","levels":{"None":3},"nanoseconds":1.5,"naive":7}"#).unwrap();
        assert_eq!((line.name.as_str(), line.nanoseconds, line.naive), ("a", 1.5, 7.0));
        assert!(read_line(r#"{"name":"a","levels":{},"nanoseconds":2.5}"#).is_some());
        assert!(read_line("error").is_none());
    }
}
