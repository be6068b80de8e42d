//! The README's example is real: its commands, run one after the other on the sample node, print what stands there.
//! `…` stands for lines that are left out.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it makes trees"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const README: &str = include_str!("../README.md");
const MANIFEST: &str = "node/etc/kubernetes/manifests/kube-apiserver.yaml";

#[test]
fn the_example_prints_what_the_readme_shows() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join(MANIFEST);
    fs::create_dir_all(manifest.parent().unwrap()).unwrap();
    fs::write(&manifest, include_str!("../templates/sample-node/kube-apiserver.yaml")).unwrap();
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).unwrap();
    let block = README.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let steps: Vec<&str> = block.split("$ kaudit ").skip(1).collect();
    assert!(steps.len() >= 5, "the example has only {} commands", steps.len());
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
