//! `kaudit logs` compared with other tools that search an audit log: jq, which parses each event as kaudit does, and ripgrep,
//! which searches for a text. The benchmark first checks that jq and kaudit find the same events.
//!
//! jq is so slow that it gets only a part of the log; its time for a line does not depend on the other lines.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::log::{events, length, write_log};
use super::{Figure, Goal, median, megabytes, time};
use crate::peak_memory;
use crate::shell::command::{capture, show};
use crate::shell::project::Project;

/// kaudit's speed, as a multiple of jq's.
const LEAST_AGAINST_JQ: f64 = 30.0;
/// kaudit's speed, as a multiple of ripgrep's.
const LEAST_AGAINST_RG: f64 = 0.5;
/// kaudit's peak resident memory, in MB: some chunks of the log for each processor, and the events found in them.
const MOST_MEMORY: f64 = 64.0;

/// How often each program runs.
const RUNS: usize = 5;
/// The part of the log that jq gets.
const JQ_PART: u64 = 8_000_000;

/// The user to search for, who is in both collections of events.
const USER: &str = "system:apiserver";

/// Measures all three on a log of `size` bytes.
///
/// # Errors
///
/// When a program is missing or fails, or when kaudit and jq find different events.
pub(super) fn measure(project: &Project, kaudit: &Path, size: u64) -> Result<Vec<Figure>> {
    let directory = project.target.join("bench/logs");
    fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
    let events = events(project)?;
    let log = write_log(&directory.join("audit.log"), &events, size)?;
    let part = write_log(&directory.join("part.log"), &events, JQ_PART.min(size))?;

    let logs = |log: &Path, options: &[&str]| logs(kaudit, log, options);
    let by_user = |log: &Path| logs(log, &["-o", "json", "--user", USER]);
    capture(Command::new("jq").arg("--version")).context("install jq (Debian: apt-get install jq)")?;
    capture(Command::new("rg").arg("--version")).context("install rg (Debian: apt-get install ripgrep)")?;
    let (ours, theirs) = (lines(by_user(&part))?, lines(jq(&part))?);
    ensure!(ours == theirs, "kaudit finds {ours} events, and jq {theirs}");
    lines(rg(&part))?;

    // Besides the query that is compared: a query that a text search cannot answer, the whole log as text, and a count.
    let others: [&[&str]; 3] = [&["-o", "json", "--code", "500-599"], &[], &["--top", "user,verb,resource"]];
    let mut times: [Vec<_>; 6] = Default::default();
    let [ours, of_rg, of_jq, of_others @ ..] = &mut times;
    for _ in 0..RUNS {
        ours.push(time(&mut by_user(&log))?);
        of_rg.push(time(&mut rg(&log))?);
        of_jq.push(time(&mut jq(&part))?);
        for (of_other, options) in of_others.iter_mut().zip(others) {
            of_other.push(time(&mut logs(&log, options))?);
        }
    }
    let [ours, of_rg, of_jq, of_others @ ..] = times;
    let speed = |log: &Path, times| Ok::<f64, anyhow::Error>(megabytes(length(log)?) / median(times)?);
    let (speed_of_kaudit, speed_of_rg, speed_of_jq) =
        (speed(&log, ours)?, speed(&log, of_rg)?, speed(&part, of_jq)?);
    println!(
        "\nlooking into a log of {:.0} MB, medians of {RUNS} runs each, in turn:",
        megabytes(length(&log)?)
    );
    println!("  {speed_of_kaudit:>8.1} MB/s  kaudit logs --user {USER}");
    println!("  {speed_of_rg:>8.1} MB/s  rg -F '\"{USER}\"'");
    println!("  {speed_of_jq:>8.1} MB/s  jq, on {:.0} MB", megabytes(length(&part)?));
    for (options, times) in others.iter().zip(of_others) {
        println!("  {:>8.1} MB/s  kaudit logs {}", speed(&log, times)?, options.join(" "));
    }
    let peak = peak_memory::measure(&by_user(&log))?.max(peak_memory::measure(&logs(&log, &[]))?);
    Ok(vec![
        Figure::new(
            "logs, times as fast as jq",
            speed_of_kaudit / speed_of_jq,
            Goal::AtLeast(LEAST_AGAINST_JQ),
            "",
        ),
        Figure::new(
            "logs, times as fast as rg",
            speed_of_kaudit / speed_of_rg,
            Goal::AtLeast(LEAST_AGAINST_RG),
            "",
        ),
        Figure::new("logs, peak memory", megabytes(peak), Goal::AtMost(MOST_MEMORY), " MB"),
    ])
}

/// `kaudit logs`.
fn logs(kaudit: &Path, log: &Path, options: &[&str]) -> Command {
    let mut logs = Command::new(kaudit);
    logs.arg("logs").arg(log).args(options);
    logs
}

/// jq, which searches for the events of [`USER`].
fn jq(log: &Path) -> Command {
    let mut jq = Command::new("jq");
    // A line can hold a list of events.
    let select = "(.items // [.])[] | select(.user.username == $user or .impersonatedUser.username == $user)";
    jq.args(["-c", "--arg", "user", USER, select]).arg(log);
    jq
}

/// ripgrep, which searches for [`USER`] anywhere.
fn rg(log: &Path) -> Command {
    let mut rg = Command::new("rg");
    rg.args(["--no-config", "--no-filename", "--no-line-number", "-F"]).arg(format!("\"{USER}\"")).arg(log);
    rg
}

/// The number of lines that a command prints; at least one.
fn lines(mut command: Command) -> Result<usize> {
    let count = capture(&mut command)?.lines().count();
    ensure!(count > 0, "`{}` finds nothing", show(&command));
    Ok(count)
}
