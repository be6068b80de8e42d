//! `cargo xtask oracle`: the tests that compare kaudit with Go's own packages, by small Go programs under `tests/go`.
//!
//! `tests/go/NAME` is a Go module. A test that needs it reads the path of the built program from `KAUDIT_GO_NAME`, so
//! that `cargo test` alone passes without Go.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::property::{SEED, optimised_tests};
use crate::shell::command::run as start;
use crate::shell::go::go_that_builds;
use crate::shell::project::Project;
use crate::shell::tally::{Tally, run_tests};
use crate::shell::test_targets::{areas, arguments, choose_areas};

/// Options for the comparison with random inputs.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The seed of the random inputs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A Go program, and the variable under which tests look for it.
struct Oracle {
    variable: String,
    source: PathBuf,
    program: PathBuf,
}

impl Oracle {
    fn build(&self) -> Result<()> {
        start(go_that_builds("build", &self.source)?.arg("-o").arg(&self.program).arg("."))
    }
}

/// Builds the program of `tests/go/NAME` and returns where it is.
///
/// # Errors
///
/// When there is no such program, Go is missing, or the build fails.
pub(crate) fn build_one(project: &Project, name: &str) -> Result<PathBuf> {
    let is_it = |oracle: &Oracle| oracle.variable == variable(name);
    let oracle = find(project)?.into_iter().find(is_it).with_context(|| format!("no tests/go/{name}"))?;
    oracle.build()?;
    Ok(oracle.program)
}

/// Builds the programs, runs the tests that read one of the variables, optimised, and counts them.
///
/// # Errors
///
/// When Go is missing, a program cannot be built, or a program has no test.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Tally> {
    let oracles = find(project)?;
    oracles.iter().try_for_each(Oracle::build)?;
    for Oracle { variable, .. } in &oracles {
        if !areas(project)?.iter().any(|area| area.contains(variable)) {
            bail!("no test under tests/ reads {variable}");
        }
    }
    let targets = choose_areas(project, "reads a KAUDIT_GO_ variable", |area| {
        oracles.iter().any(|oracle| area.contains(&oracle.variable))
    })?;
    let variables = oracles.iter().map(|oracle| (&oracle.variable, &oracle.program));
    let mut cargo = optimised_tests(project);
    run_tests(cargo.args(arguments(&targets)).envs(variables).env(SEED, options.seed.to_string()))
}

fn find(project: &Project) -> Result<Vec<Oracle>> {
    let directory = project.root.join("tests/go");
    let mut oracles = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("listing {}", directory.display()))? {
        let source = entry?.path();
        if source.join("go.mod").is_file() {
            let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let program = project.cache.join("oracles").join(&name);
            oracles.push(Oracle { variable: variable(&name), source, program });
        }
    }
    if oracles.is_empty() {
        bail!("no Go program under {}", directory.display());
    }
    oracles.sort_by(|a, b| a.variable.cmp(&b.variable));
    Ok(oracles)
}

/// `auditflags` → `KAUDIT_GO_AUDITFLAGS`; characters that are invalid in a variable name become `_`.
fn variable(name: &str) -> String {
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("KAUDIT_GO_{}", name.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_variable_after_the_directory() {
        assert_eq!(variable("yamljson"), "KAUDIT_GO_YAMLJSON");
        assert_eq!(variable("policy-v1"), "KAUDIT_GO_POLICY_V1");
    }
}
