//! Golden cases: `tests/golden/CASE/` holds a node's tree before (`in/`), the command lines (`args`, one each
//! line), and what must come of them to the byte: `stdout`, `stderr`, `codes`, the tree after (`out/`; without it
//! the tree must be untouched) and its modes (`modes`).
//!
//! Each JSON object is also validated by its schema in `docs/schema`, whatever `stdout` says.
//!
//! `cargo xtask golden --bless` writes what came instead of comparing; read the diff before you
//! commit it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::json_schema::check_output;

/// What a case must have come to, by file name within the case's directory.
type Outcome = BTreeMap<String, Vec<u8>>;

#[test]
fn every_case_comes_out_as_written() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("KAUDIT_BLESS").is_some();
    let mut names: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 30, "only {} cases found", names.len());
    let mut failures = String::new();
    for case in names {
        let (outcome, unfit) = run_case(&case);
        failures.push_str(&unfit);
        if bless {
            write_expected(&case, &outcome);
        }
        let expected = read_expected(&case);
        let keys: std::collections::BTreeSet<&String> = expected.keys().chain(outcome.keys()).collect();
        for key in keys {
            if expected.get(key) != outcome.get(key) {
                let name = case.file_name().unwrap().to_string_lossy().into_owned();
                let _ =
                    writeln!(failures, "=== {name}: {key}\n{}", explain(expected.get(key), outcome.get(key)));
            }
        }
    }
    assert!(failures.is_empty(), "golden cases differ (KAUDIT_BLESS=1 rewrites them):\n{failures}");
}

/// Whether the command takes `--root`.
fn works_on_a_node(words: &[&str]) -> bool {
    !matches!(
        words,
        ["demo" | "receive" | "--help" | "--version", ..]
            | ["policy", "list" | "show" | "migrate" | "--help", ..]
    )
}

/// Runs the command lines of a case. The text is empty if every JSON object fits its schema.
fn run_case(case: &Path) -> (Outcome, String) {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    let mut unfit = String::new();
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("node");
    copy_tree(&case.join("in"), &root);
    let before = read_tree(&root);
    let (mut stdout, mut stderr, mut codes) = (String::new(), String::new(), String::new());
    let args = fs::read_to_string(case.join("args")).unwrap();
    for line in args.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(&words)
            .args(if works_on_a_node(&words) { &["--root", "node"][..] } else { &[] })
            .current_dir(scratch.path())
            .env_clear()
            .output()
            .unwrap();
        let (code, printed) = (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap());
        if let Err(why) = check_output(&schemas, &words, code, &printed) {
            let _ = writeln!(unfit, "=== {}: kaudit {line}: {why}", case.display());
        }
        let _ = writeln!(stdout, "$ kaudit {line}\n{}", normalise(&printed));
        let _ =
            writeln!(stderr, "$ kaudit {line}\n{}", normalise(&String::from_utf8(output.stderr).unwrap()));
        let _ = writeln!(codes, "{code}");
    }
    let after = read_tree(&root);
    let mut outcome = Outcome::new();
    if after != before {
        let mut modes = String::new();
        for (path, entry) in &after {
            let _ = writeln!(modes, "{:04o} {path}", entry.mode);
            if let Some(bytes) = &entry.bytes {
                outcome.insert(format!("out/{path}"), normalise_bytes(bytes));
            }
        }
        outcome.insert("modes".to_owned(), modes.into_bytes());
    }
    outcome.insert("stdout".to_owned(), stdout.into_bytes());
    outcome.insert("stderr".to_owned(), stderr.into_bytes());
    outcome.insert("codes".to_owned(), codes.into_bytes());
    (outcome, unfit)
}

#[derive(PartialEq)]
struct TreeEntry {
    mode: u32,
    bytes: Option<Vec<u8>>,
}

fn read_tree(root: &Path) -> BTreeMap<String, TreeEntry> {
    let mut tree = BTreeMap::new();
    walk(root, &mut |path| {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let metadata = fs::symlink_metadata(path).unwrap();
        let bytes = metadata.is_file().then(|| fs::read(path).unwrap());
        let mode = if metadata.is_symlink() { 0 } else { metadata.permissions().mode() & 0o7777 };
        tree.insert(name, TreeEntry { mode, bytes });
    });
    tree
}

/// Git keeps no modes, so the tree before gets those that kubeadm gives: files 0600, directories 0755.
fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    walk(from, &mut |path| {
        let target = to.join(path.strip_prefix(from).unwrap());
        let metadata = fs::symlink_metadata(path).unwrap();
        if metadata.is_symlink() {
            symlink(fs::read_link(path).unwrap(), target).unwrap();
        } else if metadata.is_dir() {
            fs::create_dir(&target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        } else if path.file_name().is_some_and(|name| name != ".gitkeep") {
            fs::copy(path, &target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        }
    });
}

/// Visits everything below `root`, parents first, in the order of the names.
fn walk(root: &Path, visit: &mut impl FnMut(&Path)) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(root).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        visit(&path);
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            walk(&path, visit);
        }
    }
}

fn read_expected(case: &Path) -> Outcome {
    let mut expected = Outcome::new();
    for name in ["stdout", "stderr", "codes", "modes"] {
        if let Ok(bytes) = fs::read(case.join(name)) {
            expected.insert(name.to_owned(), bytes);
        }
    }
    walk(&case.join("out"), &mut |path| {
        if path.is_file() {
            let name = path.strip_prefix(case).unwrap().to_string_lossy().into_owned();
            expected.insert(name, fs::read(path).unwrap());
        }
    });
    expected
}

fn write_expected(case: &Path, outcome: &Outcome) {
    for name in ["out", "modes"] {
        let path = case.join(name);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    for (name, bytes) in outcome {
        let path = case.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn normalise_bytes(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => normalise(text).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

/// Times, owners, process ids and temporary directories differ from run to run.
fn normalise(text: &str) -> String {
    let mut normal = String::new();
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("\"uid\":") || trimmed.starts_with("\"gid\":") {
            let indent = &line[..line.len() - trimmed.len()];
            let comma = if trimmed.trim_end().ends_with(',') { "," } else { "" };
            let _ = writeln!(normal, "{indent}{}: [OWNER]{comma}", &trimmed[..5]);
        } else if let Some(rest) = trimmed.strip_prefix("pid ") {
            let _ = writeln!(
                normal,
                "pid [PID] {}",
                rest.split_once(' ').unwrap().1.replace(char::is_numeric, "0").trim_end()
            );
        } else {
            normal.push_str(&normalise_times(line));
        }
    }
    normal
}

/// `2026-11-21T03:14:15Z` → `[TIME]`.
fn normalise_times(line: &str) -> String {
    const FORM: &str = "0000-00-00T00:00:00Z";
    let mut normal = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let head: String =
            rest.chars().take(FORM.len()).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if head == FORM {
            normal.push_str("[TIME]");
            rest = &rest[FORM.len()..];
        } else {
            let first = rest.chars().next().unwrap();
            normal.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    normal
}

fn explain(expected: Option<&Vec<u8>>, outcome: Option<&Vec<u8>>) -> String {
    let text = |bytes: Option<&Vec<u8>>| {
        bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    };
    let (expected, outcome) = (text(expected), text(outcome));
    similar::TextDiff::from_lines(&expected, &outcome).unified_diff().header("expected", "came").to_string()
}
