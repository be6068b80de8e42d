//! `cargo xtask tidy`: checks the project rules that the compiler cannot check. Each finding has its location and a fix.
//!
//! A rule is a pure function over a path and a text, or over all of them; only this file reads the tree.

mod attributes;
mod boundaries;
mod layers;
mod layout;
mod length;
mod links;
mod phrases;
mod rust_code;
mod rust_paths;
mod unsafe_rule;
mod words;

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::shell::project::Project;

/// The options of `cargo xtask tidy`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// List the phrases to avoid, and check nothing else
    #[arg(long)]
    phrases: bool,
    /// Only in files whose path from the root of the project begins with this
    #[arg(requires = "phrases", value_name = "PATH")]
    within: Vec<String>,
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// From the root of the project.
    path: String,
    /// Counted from 1.
    line: usize,
    /// The error, and how to fix it.
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A rule over one file: takes its path from the root and its text.
type Rule = fn(&str, &str) -> Vec<Finding>;

const RULES: [Rule; 6] = [
    length::check,
    boundaries::check,
    words::check,
    attributes::check,
    unsafe_rule::check,
    layout::check_readme,
];

/// Checks the whole tree and prints what it finds, or only the phrases to avoid where `options` say so.
///
/// # Errors
///
/// When a rule is broken, or the tree cannot be read.
pub(crate) fn run_with(project: &Project, options: &Options) -> Result<()> {
    if options.phrases { list_phrases(project, &options.within) } else { run(project) }
}

/// Checks the whole tree and prints what it finds.
///
/// # Errors
///
/// When a rule is broken, or the tree cannot be read.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut files = Vec::new();
    read_texts(&project.root, "", &mut files)?;
    let mut findings = layout::check_top_level(&names(&project.root)?);
    let run = project.root.join(".ci/run");
    let mode = fs::metadata(&run).with_context(|| format!("reading {}", run.display()))?.permissions().mode();
    findings.extend(layout::check_executable(".ci/run", mode));

    let mut phrases = 0;
    for (path, text) in &files {
        findings.extend(RULES.iter().flat_map(|rule| rule(path, text)));
        let found = phrases::check(path, text);
        if phrases::is_enforced(path) {
            findings.extend(found);
        } else {
            phrases += found.len();
        }
    }
    findings.extend(layers::check(&files));
    for line in layers::lines(&files) {
        println!("{line}");
    }
    findings.extend(links::check(&files, |target| project.root.join(target).exists()));
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} project rules broken, in {} files checked", findings.len(), files.len());
    }
    if phrases > 0 {
        println!(
            "{phrases} phrases to avoid where they are not enforced yet; cargo xtask tidy --phrases lists them"
        );
    }
    println!("project rules kept in {} files", files.len());
    Ok(())
}

/// Prints the phrases to avoid in files that begin with one of `within`, or in all if there is none.
///
/// # Errors
///
/// When there is one, or the tree cannot be read.
fn list_phrases(project: &Project, within: &[String]) -> Result<()> {
    let mut files = Vec::new();
    read_texts(&project.root, "", &mut files)?;
    let is_within = |path: &str| within.is_empty() || within.iter().any(|place| path.starts_with(place));
    let files = files.iter().filter(|(path, _)| is_within(path));
    let findings: Vec<Finding> = files.flat_map(|(path, text)| phrases::check(path, text)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("no phrases to avoid");
        return Ok(());
    }
    println!();
    for (part, count) in phrases::by_part(&findings) {
        println!("{count:6} {part}");
    }
    bail!("{} phrases to avoid", findings.len());
}

/// Reads the texts under `directory` (from the root, empty or ending in a slash) into `files`, with their paths from
/// the root. Build products, git's own files, and files that are not UTF-8, such as test input, are left out.
fn read_texts(root: &Path, directory: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    for name in names(&root.join(directory))? {
        let path = format!("{directory}{name}");
        let place = root.join(&path);
        // A symlink is test input too, and may point anywhere.
        if path == "target" || path == ".git" || place.is_symlink() {
            continue;
        }
        if place.is_dir() {
            read_texts(root, &format!("{path}/"), files)?;
        } else if let Ok(text) =
            String::from_utf8(fs::read(&place).with_context(|| format!("reading {path}"))?)
        {
            files.push((path, text));
        }
    }
    Ok(())
}

/// The names in a directory, sorted, so that findings come in the same order everywhere.
fn names(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Whether `path` is Rust source of this project.
fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}
