//! Running `cargo test` and counting what passed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::command::show;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// One check that passed, for a step that is not a test run.
    pub(crate) const CHECK: Tally = Tally { passed: 1, failed: 0 };

    /// An error when something failed, for a task that is run alone.
    pub(crate) fn into_result(self) -> Result<()> {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 {
            bail!("tests failed");
        }
        Ok(())
    }

    fn add(self, other: Tally) -> Tally {
        Tally { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

/// Runs `command`, a `cargo test`, and counts. Passing tests are not listed; everything else it prints is shown.
///
/// # Errors
///
/// When it cannot be started, or when no test ran at all: such a run proves nothing and must not look green.
pub(crate) fn run_tests(command: &mut Command) -> Result<Tally> {
    let line = show(command);
    println!("$ {line}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting `{line}`"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for output in BufReader::new(stdout).split(b'\n') {
            let output = output.with_context(|| format!("reading the output of `{line}`"))?;
            let output = String::from_utf8_lossy(&output);
            tally = tally.add(parse_result(&output).unwrap_or_default());
            if !is_noise(&output) {
                println!("{output}");
            }
        }
    }
    let status = child.wait().with_context(|| format!("waiting for `{line}`"))?;
    match (status.success(), tally) {
        // Cargo also fails where no test does: when something does not compile.
        (false, Tally { passed, failed }) => Ok(Tally { passed, failed: failed.max(1) }),
        (true, Tally { passed: 0, failed: 0 }) => bail!("`{line}` ran no test"),
        (true, tally) => Ok(tally),
    }
}

/// The counts in libtest's closing line, `test result: ok. 3 passed; 0 failed; …`.
fn parse_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Tally { passed: count(" passed")?, failed: count(" failed")? })
}

/// Whether a line says only that a test passed, or that a target has none.
fn is_noise(line: &str) -> bool {
    line.is_empty()
        || (line.starts_with("test ") && line.ends_with(" ... ok"))
        || (line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test")))
        || line.starts_with("test result: ok. 0 passed; 0 failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn counts_over_several_targets() {
        let script = "echo 'test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s'
                      echo 'test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s'
                      exit 101";
        assert_eq!(run_tests(&mut sh(script)).unwrap(), Tally { passed: 15, failed: 2 });
    }

    #[test]
    fn a_failure_without_a_failed_test_counts_as_one() {
        let tally = run_tests(&mut sh("exit 101")).unwrap();
        assert_eq!(tally, Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_run_of_no_test_is_an_error() {
        let error = run_tests(&mut sh("echo 'test result: ok. 0 passed; 0 failed; 0 ignored'")).unwrap_err();
        assert!(error.to_string().ends_with("ran no test"), "{error}");
    }

    #[test]
    fn failures_and_their_output_are_no_noise() {
        assert!(is_noise("test yaml::tests::reads ... ok"));
        assert!(!is_noise("test yaml::tests::reads ... FAILED"));
        assert!(!is_noise("thread 'yaml::tests::reads' panicked at src/yaml/tests.rs:3:5:"));
    }
}
