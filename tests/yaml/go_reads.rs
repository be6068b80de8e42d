//! The files that kaudit writes, read by Go: `sigs.k8s.io/yaml`, the YAML library of kubelet and API server, reads the same
//! value as kaudit from every file that a golden case leaves.
//!
//! `tests/go-reads.jsonl` holds Go's results; `cargo xtask oracle` compares them again, with the program built from
//! `tests/go/yamljson` in `KAUDIT_GO_YAMLJSON`. With `KAUDIT_BLESS=1` it rewrites the results.

use kaudit::yaml::{Document, decode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Manifests and policies of every `out` tree, by their path within the project.
fn golden_outputs() -> Vec<String> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "kaudit" && name != "in") {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&project().join("tests/golden"), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "out"))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "kubeconfig")
        })
        .map(|path| path.strip_prefix(project()).unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn parse_answers(lines: &str) -> BTreeMap<String, Value> {
    lines
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            (answer["file"].as_str().unwrap().to_owned(), answer["json"].clone())
        })
        .collect()
}

#[test]
fn go_reads_every_golden_output_as_kaudit_does() {
    let names = golden_outputs();
    assert!(names.len() >= 40, "only {} outputs", names.len());
    let recorded = project().join("tests/go-reads.jsonl");
    if let Some(program) = std::env::var_os("KAUDIT_GO_YAMLJSON") {
        let output = Command::new(program).args(&names).current_dir(project()).output().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        if std::env::var_os("KAUDIT_BLESS").is_some() {
            fs::write(&recorded, &answers).unwrap();
        }
        assert_eq!(
            parse_answers(&answers),
            parse_answers(&fs::read_to_string(&recorded).unwrap()),
            "the recorded answers are old: KAUDIT_BLESS=1 with KAUDIT_GO_YAMLJSON writes them anew"
        );
    }
    let answers = parse_answers(&fs::read_to_string(&recorded).unwrap());
    for name in &names {
        let bytes = fs::read(project().join(name)).unwrap();
        let document = Document::parse(decode(&bytes).unwrap()).unwrap();
        assert_eq!(answers.get(name), Some(document.value()), "{name}");
    }
    assert_eq!(answers.len(), names.len(), "the recorded answers name files that are gone");
}
