//! Steps in order, with a line of progress and the time for each, and a summary that says how to go on.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::tally::Tally;

/// One step of a task.
pub(crate) struct Step<'a> {
    /// What it checks.
    name: &'static str,
    /// The command that shows the failure again, or fixes it.
    command: &'static str,
    /// Runs it.
    work: Box<dyn FnOnce() -> Result<Work> + 'a>,
}

/// What a step came to.
pub(crate) struct Work {
    tally: Tally,
    parts: Vec<Part>,
}

/// A part of a step, with a line of its own in the summary.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) took: Duration,
    pub(crate) passed: bool,
}

impl Part {
    /// Its line in a summary.
    pub(crate) fn line(&self) -> String {
        let Part { name, took, passed } = self;
        let result = if *passed { "ok" } else { "FAILED" };
        format!("{result:<6} - {name:<28} {:>7.1} s", took.as_secs_f64())
    }
}

impl<'a> Step<'a> {
    /// A step that counts tests.
    pub(crate) fn tests(
        name: &'static str,
        command: &'static str,
        work: impl FnOnce() -> Result<Tally> + 'a,
    ) -> Step<'a> {
        Step { name, command, work: Box::new(|| work().map(|tally| Work { tally, parts: Vec::new() })) }
    }

    /// A step that is one check.
    pub(crate) fn check(
        name: &'static str,
        command: &'static str,
        work: impl FnOnce() -> Result<()> + 'a,
    ) -> Step<'a> {
        Step::tests(name, command, || work().map(|()| Tally::CHECK))
    }

    /// A step whose parts are counted and listed. Without any part it fails.
    pub(crate) fn parts(
        name: &'static str,
        command: &'static str,
        work: impl FnOnce() -> Result<Vec<Part>> + 'a,
    ) -> Step<'a> {
        let work = || {
            let parts = work()?;
            if parts.is_empty() {
                bail!("nothing was run");
            }
            let passed = parts.iter().filter(|part| part.passed).count() as u64;
            Ok(Work { tally: Tally { passed, failed: parts.len() as u64 - passed }, parts })
        };
        Step { name, command, work: Box::new(work) }
    }
}

/// What became of a step.
struct Ending {
    name: &'static str,
    command: &'static str,
    work: Work,
    took: Duration,
}

/// Runs all steps, also after one failed: a wrong format should not hide a failing test. The table at the end has the time
/// of each, and `before`, the time that the preparations took, if any.
///
/// The last line counts tests and checks together, `N passed, N failed`.
///
/// # Errors
///
/// When a step failed.
pub(crate) fn run_all(task: &str, before: Option<Duration>, steps: Vec<Step<'_>>) -> Result<()> {
    let count = steps.len();
    let begin = Instant::now();
    let mut endings = Vec::new();
    for (index, Step { name, command, work }) in steps.into_iter().enumerate() {
        println!("\n=== {task} {}/{count}: {name}", index + 1);
        let start = Instant::now();
        let work = work().unwrap_or_else(|error| {
            println!("{error:#}");
            Work { tally: Tally { passed: 0, failed: 1 }, parts: Vec::new() }
        });
        let ending = Ending { name, command, work, took: start.elapsed() };
        println!("=== {}", describe(&ending));
        endings.push(ending);
    }

    println!("\n=== {task}: summary");
    if let Some(before) = before {
        println!("       {:<30} {:>7.1} s", "preparations", before.as_secs_f64());
    }
    for ending in &endings {
        println!("{}", describe(ending));
        for part in &ending.work.parts {
            println!("{}", part.line());
        }
    }
    let took = before.unwrap_or_default() + begin.elapsed();
    println!("       {:<30} {:>7.1} s", "all", took.as_secs_f64());
    let passed: u64 = endings.iter().map(|ending| ending.work.tally.passed).sum();
    let failed: u64 = endings.iter().map(|ending| ending.work.tally.failed).sum();
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{task} failed");
    }
    Ok(())
}

fn describe(ending: &Ending) -> String {
    let Ending { name, command, work, took } = ending;
    let seconds = took.as_secs_f64();
    let Tally { passed, failed } = work.tally;
    if failed > 0 {
        format!("FAILED {name:<30} {seconds:>7.1} s   reproduce or fix it with: {command}")
    } else if passed > 1 {
        format!("ok     {name:<30} {seconds:>7.1} s   {passed} passed")
    } else {
        format!("ok     {name:<30} {seconds:>7.1} s")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_failed_step_fails_the_task_and_hides_no_later_one() {
        let reached = Cell::new(false);
        let steps = vec![
            Step::check("first", "fix first", || bail!("broken")),
            Step::check("second", "fix second", || {
                reached.set(true);
                Ok(())
            }),
        ];
        assert_eq!(run_all("trial", None, steps).unwrap_err().to_string(), "trial failed");
        assert!(reached.get());
    }

    #[test]
    fn a_failed_test_fails_the_task() {
        let steps = vec![Step::tests("tests", "cargo test", || Ok(Tally { passed: 8, failed: 1 }))];
        run_all("trial", None, steps).unwrap_err();
    }

    #[test]
    fn a_failure_names_the_command_that_shows_it() {
        let work = Work { tally: Tally { passed: 3, failed: 1 }, parts: Vec::new() };
        let line =
            describe(&Ending { name: "tests", command: "cargo test", work, took: Duration::from_secs(2) });
        assert_eq!(
            line,
            "FAILED tests                              2.0 s   reproduce or fix it with: cargo test"
        );
    }

    #[test]
    fn parts_are_counted_and_a_step_without_any_fails() {
        let part = |passed| Part { name: "live 1.36.2".to_owned(), took: Duration::from_secs(61), passed };
        assert_eq!(part(false).line(), "FAILED - live 1.36.2                     61.0 s");
        let run = |parts| run_all("trial", None, vec![Step::parts("cases", "cargo xtask e2e", || Ok(parts))]);
        run(vec![part(true), part(true)]).unwrap();
        run(vec![part(true), part(false)]).unwrap_err();
        run(Vec::new()).unwrap_err();
    }
}
