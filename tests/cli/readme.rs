//! The README's examples are real: their commands, run one after the other on the sample node, beside which lies an audit
//! log, print what stands there. `…` stands for lines that are left out. A block of YAML that begins with a comment is the
//! file of that name.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it makes trees"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");
const MANIFEST: &str = "node/etc/kubernetes/manifests/kube-apiserver.yaml";

#[test]
fn the_examples_print_what_the_readme_shows() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join(MANIFEST);
    fs::create_dir_all(manifest.parent().unwrap()).unwrap();
    fs::write(&manifest, include_str!("../../templates/sample-node/kube-apiserver.yaml")).unwrap();
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).unwrap();
    copy_logs(&directory.path().join("audit"));
    for block in blocks("yaml") {
        if let Some(name) = block.lines().next().unwrap().strip_prefix("# ") {
            fs::write(directory.path().join(name), block).unwrap();
        }
    }
    let mut count = 0;
    for block in blocks("console") {
        for step in block.split("$ kaudit ").skip(1) {
            check(step, directory.path());
            count += 1;
        }
    }
    assert!(count >= 7, "the examples have only {count} commands");
}

/// The fenced blocks of this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    README.split(start.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs a command and compares what it prints.
fn check(step: &str, directory: &Path) {
    let (command, shown) = step.split_once('\n').unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(command.split_whitespace())
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let mut lines = text.lines();
    let mut may_skip = false;
    for wanted in shown.trim_end().lines() {
        if wanted == "…" {
            may_skip = true;
            continue;
        }
        let found = if may_skip { lines.any(|line| line == wanted) } else { lines.next() == Some(wanted) };
        assert!(found, "`kaudit {command}` does not print {wanted:?} there; it prints\n{text}");
        may_skip = false;
    }
}

/// The log of a golden case.
fn copy_logs(to: &Path) {
    fs::create_dir(to).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/policy-replay/in/log");
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
