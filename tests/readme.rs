//! The README's examples are real: their commands, run one after the other on the sample node, beside which lies an audit
//! log, print what stands there. `…` stands for lines that are left out.

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

const README: &str = include_str!("../README.md");
const MANIFEST: &str = "node/etc/kubernetes/manifests/kube-apiserver.yaml";

#[test]
fn the_examples_print_what_the_readme_shows() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join(MANIFEST);
    fs::create_dir_all(manifest.parent().unwrap()).unwrap();
    fs::write(&manifest, include_str!("../templates/sample-node/kube-apiserver.yaml")).unwrap();
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).unwrap();
    copy_logs(&directory.path().join("audit"));
    let blocks = README.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    let steps: Vec<&str> = blocks.flat_map(|block| block.split("$ kaudit ").skip(1)).collect();
    assert!(steps.len() >= 6, "the examples have only {} commands", steps.len());
    for step in steps {
        let (command, shown) = step.split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(command.split_whitespace())
            .current_dir(directory.path())
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let mut lines = text.lines().peekable();
        let mut may_skip = false;
        for wanted in shown.trim_end().lines() {
            if wanted == "…" {
                may_skip = true;
                continue;
            }
            let found =
                if may_skip { lines.any(|line| line == wanted) } else { lines.next() == Some(wanted) };
            assert!(found, "`kaudit {command}` does not print {wanted:?} there; it prints\n{text}");
            may_skip = false;
        }
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
