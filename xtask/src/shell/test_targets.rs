//! The modules of the integration tests, with their source: tasks select them by the environment variable that they read, so that
//! a new test needs no entry in a list.
//!
//! `tests/TARGET.rs` is a test binary. Each `mod AREA;` in it is a directory `tests/AREA/`, whose files are the modules.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::project::Project;

/// A directory under `tests/` that a test binary has as a module.
pub(crate) struct Area {
    /// The name of the binary for `cargo test --test`.
    target: String,
    /// The name of the directory and of the module.
    name: String,
    /// Its files.
    files: Vec<TestFile>,
}

struct TestFile {
    /// The name of the module, without the area's.
    module: String,
    source: String,
}

/// Tests to run with `cargo test`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    target: String,
    /// What the names of the tests begin with.
    prefix: String,
}

impl Area {
    /// Whether one of its files has `text`.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.files.iter().any(|file| file.source.contains(text))
    }

    fn all(&self) -> Selection {
        Selection { target: self.target.clone(), prefix: format!("{}::", self.name) }
    }

    fn files_with(&self, text: &str) -> impl Iterator<Item = Selection> {
        self.files.iter().filter(move |file| file.source.contains(text)).map(|file| Selection {
            target: self.target.clone(),
            prefix: format!("{}::{}::", self.name, file.module),
        })
    }
}

/// All areas.
///
/// # Errors
///
/// When a file cannot be read.
pub(crate) fn areas(project: &Project) -> Result<Vec<Area>> {
    let tests = project.root.join("tests");
    let mut areas = Vec::new();
    for (target, source) in rust_files(&tests)? {
        for name in modules(&source) {
            let files = rust_files(&tests.join(name))?;
            let files = files.into_iter().map(|(module, source)| TestFile { module, source }).collect();
            areas.push(Area { target: target.clone(), name: name.to_owned(), files });
        }
    }
    Ok(areas)
}

/// All tests of the areas that `wanted` accepts: a file that reads a variable may do so for other files of its area.
///
/// # Errors
///
/// When there is no such test; `what` describes it in the message. A task without tests is an error, because a rename may
/// have hidden them.
pub(crate) fn choose_areas(
    project: &Project,
    what: &str,
    wanted: impl Fn(&Area) -> bool,
) -> Result<Vec<Selection>> {
    let areas = areas(project)?;
    require_some(areas.iter().filter(|area| wanted(area)).map(Area::all).collect(), what)
}

/// The tests of the files that have `text`, without the other files of their areas.
///
/// # Errors
///
/// When there is no such test.
pub(crate) fn choose_files(project: &Project, text: &str) -> Result<Vec<Selection>> {
    let areas = areas(project)?;
    require_some(areas.iter().flat_map(|area| area.files_with(text)).collect(), &format!("has {text}"))
}

/// `--test TARGET` for each binary, then the names of the tests.
pub(crate) fn arguments(chosen: &[Selection]) -> Vec<&str> {
    let targets: BTreeSet<&str> = chosen.iter().map(|one| one.target.as_str()).collect();
    let targets = targets.into_iter().flat_map(|target| ["--test", target]);
    targets.chain(["--"]).chain(chosen.iter().map(|one| one.prefix.as_str())).collect()
}

fn require_some(chosen: Vec<Selection>, what: &str) -> Result<Vec<Selection>> {
    if chosen.is_empty() {
        bail!("no test under tests/ {what}");
    }
    Ok(chosen)
}

/// The modules that a root declares, except the shared one.
fn modules(root: &str) -> impl Iterator<Item = &str> {
    let names = root.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    names.filter(|name| *name != "support")
}

/// The names, without `.rs`, and contents of the files in `directory`, sorted.
fn rust_files(directory: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let source = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            files.push((name, source));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_what_a_root_declares() {
        let root = "//! mod no;\n\nmod cli;\nmod support;\nmod yaml;\nmod tests {\n";
        assert_eq!(modules(root).collect::<Vec<_>>(), ["cli", "yaml"]);
    }

    #[test]
    fn a_selection_names_each_binary_once() {
        let select = |target: &str, prefix: &str| Selection { target: target.into(), prefix: prefix.into() };
        let chosen =
            [select("library", "yaml::"), select("program", "cli::golden::"), select("library", "logs::")];
        assert_eq!(
            arguments(&chosen),
            ["--test", "library", "--test", "program", "--", "yaml::", "cli::golden::", "logs::"]
        );
    }

    #[test]
    fn every_directory_with_tests_belongs_to_a_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let project = Project { target: root.join("target"), cache: root.join("target"), root };
        let known: BTreeSet<String> = areas(&project).unwrap().into_iter().map(|area| area.name).collect();
        for entry in fs::read_dir(project.root.join("tests")).unwrap() {
            let path = entry.unwrap().path();
            if path.join("mod.rs").is_file() && !path.ends_with("support") {
                assert!(known.contains(path.file_name().unwrap().to_str().unwrap()), "{}", path.display());
            }
        }
        assert!(known.len() >= 8, "{known:?}");
    }
}
