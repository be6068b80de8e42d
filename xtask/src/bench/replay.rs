//! `kaudit policy replay` compared with other ways to count the events of an audit log: a jq program, and a Go program with
//! `encoding/json`. The benchmark first checks that all three have the same counts.
//!
//! jq is so slow that it gets only a part of the log; its time for a line does not depend on the other lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::log::{events, length, write_log};
use super::{Figure, Goal, median, megabytes, time};
use crate::peak_memory;
use crate::shell::command::{capture, run as start, show};
use crate::shell::go::go_that_builds;
use crate::shell::project::Project;

/// kaudit's speed, as a multiple of jq's.
const LEAST_AGAINST_JQ: f64 = 30.0;
/// kaudit's speed, as a multiple of the Go program's.
const LEAST_AGAINST_GO: f64 = 5.0;
/// kaudit's peak resident memory, in MB: some chunks of the log for each processor, and the counts.
const MOST_MEMORY: f64 = 48.0;
/// The same, as a multiple of the memory for a log of an eighth of the size.
const MOST_GROWTH: f64 = 1.25;

/// How often each program runs.
const RUNS: usize = 3;
/// The part of the log that jq gets.
const JQ_PART: u64 = 8_000_000;

const JQ_PROGRAM: &str = include_str!("replay.jq");
const GO_PROGRAM: &str = include_str!("replay.go");

/// Measures all three on a log of `megabytes_of_log`.
///
/// # Errors
///
/// When a program is missing, cannot be built or fails, or when two of them count differently.
pub(super) fn measure(project: &Project, kaudit: &Path, yq: &Path, size: u64) -> Result<Vec<Figure>> {
    let directory = project.target.join("bench/replay");
    fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
    let events = events(project)?;
    let log = write_log(&directory.join("audit.log"), &events, size)?;
    let eighth = write_log(&directory.join("eighth.log"), &events, size / 8)?;
    let part = write_log(&directory.join("part.log"), &events, JQ_PART.min(size))?;

    let programs = Programs::new(project, &directory, kaudit, yq)?;
    programs.check_that_all_count_the_same(&part)?;

    let (mut kaudit_times, mut go_times, mut jq_times) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        kaudit_times.push(time(&mut programs.kaudit(&log))?);
        go_times.push(time(&mut programs.go(&log))?);
        jq_times.push(time(&mut programs.jq(&part))?);
    }
    let speed = |log: &Path, times| Ok::<f64, anyhow::Error>(megabytes(length(log)?) / median(times)?);
    let speeds = [speed(&log, kaudit_times)?, speed(&log, go_times)?, speed(&part, jq_times)?];
    let [kaudit_speed, go_speed, jq_speed] = speeds;
    println!(
        "\nreplaying a log of {:.0} MB, medians of {RUNS} runs each, in turn:",
        megabytes(length(&log)?)
    );
    println!("  {kaudit_speed:>8.1} MB/s  kaudit policy replay");
    println!("  {go_speed:>8.1} MB/s  Go's encoding/json");
    println!("  {jq_speed:>8.1} MB/s  jq, on {:.0} MB", megabytes(length(&part)?));
    let (peak, peak_of_eighth) =
        (peak_memory::measure(&programs.kaudit(&log))?, peak_memory::measure(&programs.kaudit(&eighth))?);
    Ok(vec![
        Figure::new(
            "replay, times as fast as jq",
            kaudit_speed / jq_speed,
            Goal::AtLeast(LEAST_AGAINST_JQ),
            "",
        ),
        Figure::new(
            "replay, times as fast as Go",
            kaudit_speed / go_speed,
            Goal::AtLeast(LEAST_AGAINST_GO),
            "",
        ),
        Figure::new("replay, peak memory", megabytes(peak), Goal::AtMost(MOST_MEMORY), " MB"),
        Figure::new(
            "replay, its growth by a log 8 times as large",
            megabytes(peak) / megabytes(peak_of_eighth),
            Goal::AtMost(MOST_GROWTH),
            "",
        ),
    ])
}

/// The programs, and the policy that each gets.
struct Programs<'a> {
    kaudit: &'a Path,
    go_program: PathBuf,
    jq_program: PathBuf,
    policy: PathBuf,
    policy_text: String,
}

impl<'a> Programs<'a> {
    fn new(project: &Project, directory: &Path, kaudit: &'a Path, yq: &Path) -> Result<Self> {
        let preset = project.root.join("templates/policies/default.yaml");
        let policy_text = capture(Command::new(yq).args(["-o=json", "-I=0", "."]).arg(preset))?;
        let write = |name: &str, text: &str| {
            let place = directory.join(name);
            fs::write(&place, text).with_context(|| format!("writing {}", place.display()))?;
            Ok::<PathBuf, anyhow::Error>(place)
        };
        let policy = write("policy.json", &policy_text)?;
        let jq_program = write("replay.jq", JQ_PROGRAM)?;
        let source = write("replay.go", GO_PROGRAM)?;
        let go_program = directory.join("replay");
        start(go_that_builds("build", directory)?.arg("-o").arg(&go_program).arg(&source))?;
        capture(Command::new("jq").arg("--version")).context("install jq (Debian: apt-get install jq)")?;
        Ok(Self { kaudit, go_program, jq_program, policy, policy_text })
    }

    fn kaudit(&self, log: &Path) -> Command {
        let mut kaudit = Command::new(self.kaudit);
        kaudit.args(["policy", "replay", "-o", "json"]).args([&self.policy, log]);
        kaudit
    }

    fn go(&self, log: &Path) -> Command {
        let mut program = Command::new(&self.go_program);
        program.args([&self.policy, log]);
        program
    }

    fn jq(&self, log: &Path) -> Command {
        let mut jq = Command::new("jq");
        jq.args(["-nRc", "--argjson", "policy", &self.policy_text, "-f"]).args([&self.jq_program, log]);
        jq
    }

    /// The comparison is valid only when all programs count the same.
    fn check_that_all_count_the_same(&self, log: &Path) -> Result<()> {
        let ask = |mut command: Command| -> Result<Value> {
            let answer = capture(&mut command)?;
            serde_json::from_str(&answer).with_context(|| format!("what `{}` printed", show(&command)))
        };
        let ours = counts_of_kaudit(&ask(self.kaudit(log))?)?;
        ensure!(ours.len() > 5, "too few rules match an event: {ours:?}");
        for (name, answer) in [("jq", ask(self.jq(log))?), ("Go", ask(self.go(log))?)] {
            let theirs = counts(&answer)?;
            if theirs != ours {
                bail!("kaudit counts {ours:?}\nand {name} {theirs:?}");
            }
        }
        Ok(())
    }
}

/// Events and bytes by rule, in the log and under the policy.
type Counts = BTreeMap<String, [u64; 4]>;

fn counts(answer: &Value) -> Result<Counts> {
    let rules = answer.get("rules").and_then(Value::as_object).context("no rules")?;
    let figure = |sums: &Value, name: &str| sums.get(name).and_then(Value::as_u64).unwrap_or_default();
    let each = rules.iter().map(|(rule, sums)| {
        (rule.clone(), ["events", "bytes", "loggedEvents", "loggedBytes"].map(|name| figure(sums, name)))
    });
    Ok(each.collect())
}

fn counts_of_kaudit(answer: &Value) -> Result<Counts> {
    let rules = answer.pointer("/replay/policies/0/rules").and_then(Value::as_array).context("no rules")?;
    let figure = |sums: &Value, place: &str| sums.pointer(place).and_then(Value::as_u64).unwrap_or_default();
    let each = rules.iter().map(|sums| {
        let places = ["/today/events", "/today/bytes", "/logged/events", "/logged/bytes"];
        let rule = sums.get("rule").map(ToString::to_string).unwrap_or_default();
        (rule, places.map(|place| figure(sums, place)))
    });
    Ok(each.filter(|(_, [events, ..])| *events > 0).collect())
}
