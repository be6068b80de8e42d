//! Steps in order, with a line of progress and the time for each, and a summary that says how to go on.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::tally::Tally;

/// One step of a task.
pub(crate) struct Step<'a> {
    /// What it checks.
    pub(crate) name: &'static str,
    /// The command that shows the failure again, or mends it.
    pub(crate) mend: &'static str,
    /// Does it. A step that is no test run returns [`Tally::CHECK`].
    pub(crate) work: Box<dyn FnOnce() -> Result<Tally> + 'a>,
}

impl<'a> Step<'a> {
    /// A step that counts tests.
    pub(crate) fn tests(
        name: &'static str,
        mend: &'static str,
        work: impl FnOnce() -> Result<Tally> + 'a,
    ) -> Step<'a> {
        Step { name, mend, work: Box::new(work) }
    }

    /// A step that is one check.
    pub(crate) fn check(
        name: &'static str,
        mend: &'static str,
        work: impl FnOnce() -> Result<()> + 'a,
    ) -> Step<'a> {
        Step { name, mend, work: Box::new(|| work().map(|()| Tally::CHECK)) }
    }
}

/// What became of a step.
struct Ending {
    name: &'static str,
    mend: &'static str,
    tally: Tally,
    took: Duration,
}

/// Runs all steps, also after one failed: a wrong format should not hide a failing test.
///
/// The last line counts tests and checks together, `N passed, N failed`.
///
/// # Errors
///
/// When a step failed.
pub(crate) fn run_all(task: &str, steps: Vec<Step<'_>>) -> Result<()> {
    let count = steps.len();
    let mut endings = Vec::new();
    for (index, Step { name, mend, work }) in steps.into_iter().enumerate() {
        println!("\n=== {task} {}/{count}: {name}", index + 1);
        let start = Instant::now();
        let tally = work().unwrap_or_else(|error| {
            println!("{error:#}");
            Tally { passed: 0, failed: 1 }
        });
        let ending = Ending { name, mend, tally, took: start.elapsed() };
        println!("=== {}", describe(&ending));
        endings.push(ending);
    }

    println!("\n=== {task}: summary");
    for ending in &endings {
        println!("{}", describe(ending));
    }
    let passed: u64 = endings.iter().map(|ending| ending.tally.passed).sum();
    let failed: u64 = endings.iter().map(|ending| ending.tally.failed).sum();
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{task} failed");
    }
    Ok(())
}

fn describe(ending: &Ending) -> String {
    let Ending { name, mend, tally, took } = ending;
    let seconds = took.as_secs_f64();
    let Tally { passed, failed } = tally;
    if *failed > 0 {
        format!("FAILED {name:<12} {seconds:>7.1} s   see or mend it with: {mend}")
    } else if *passed > 1 {
        format!("ok     {name:<12} {seconds:>7.1} s   {passed} passed")
    } else {
        format!("ok     {name:<12} {seconds:>7.1} s")
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
            Step::check("first", "mend first", || bail!("broken")),
            Step::check("second", "mend second", || {
                reached.set(true);
                Ok(())
            }),
        ];
        assert_eq!(run_all("trial", steps).unwrap_err().to_string(), "trial failed");
        assert!(reached.get());
    }

    #[test]
    fn a_failed_test_fails_the_task() {
        let steps = vec![Step::tests("tests", "cargo test", || Ok(Tally { passed: 8, failed: 1 }))];
        run_all("trial", steps).unwrap_err();
    }

    #[test]
    fn a_failure_names_the_command_that_shows_it() {
        let tally = Tally { passed: 3, failed: 1 };
        let line =
            describe(&Ending { name: "tests", mend: "cargo test", tally, took: Duration::from_secs(2) });
        assert_eq!(line, "FAILED tests            2.0 s   see or mend it with: cargo test");
    }
}
