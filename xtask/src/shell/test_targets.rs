//! The integration tests under `tests/`, as cargo finds them, with their source: tasks choose among them by name or
//! by the variable that they read, so that a new test needs no entry in a list.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::project::Project;

/// An integration test target.
pub(crate) struct TestTarget {
    /// Its name for `cargo test --test`.
    pub(crate) name: String,
    /// The source of all its files in a row.
    pub(crate) source: String,
}

/// All targets, sorted by name: `tests/NAME.rs` and `tests/NAME/main.rs`.
pub(crate) fn list(project: &Project) -> Result<Vec<TestTarget>> {
    let tests = project.root.join("tests");
    let mut targets = Vec::new();
    if !tests.is_dir() {
        return Ok(targets);
    }
    for entry in fs::read_dir(&tests).with_context(|| format!("listing {}", tests.display()))? {
        let path = entry?.path();
        let is_file = path.extension().is_some_and(|extension| extension == "rs");
        if is_file || path.join("main.rs").is_file() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            targets.push(TestTarget { name, source: read_sources(&path)? });
        }
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

/// The names of the targets that `wanted` accepts.
///
/// # Errors
///
/// When there is none, with `what` to say what was looked for. A task that finds nothing to run has lost its tests,
/// by a rename perhaps, and must say so.
pub(crate) fn choose(
    project: &Project,
    what: &str,
    wanted: impl Fn(&TestTarget) -> bool,
) -> Result<Vec<String>> {
    let names: Vec<String> = list(project)?.into_iter().filter(wanted).map(|target| target.name).collect();
    if names.is_empty() {
        bail!("no test under tests/ {what}");
    }
    Ok(names)
}

/// `--test NAME` for each name.
pub(crate) fn arguments(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().flat_map(|name| ["--test", name.as_str()])
}

fn read_sources(path: &Path) -> Result<String> {
    if path.is_file() {
        return fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
    }
    let mut source = String::new();
    for entry in fs::read_dir(path).with_context(|| format!("listing {}", path.display()))? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            source += &read_sources(&path)?;
        }
    }
    Ok(source)
}
