//! Documents and edits with the exact expected text, from `tests/yaml/edits.txt`.
//!
//! A case is a name after `=== `, the document, the edits after `--- ` and the result after `+++`, or a part of the
//! expected error after `!!! `. `␍` is a carriage return, `␄` at the end means that the text has no line ending there, `␉`
//! is a tab and `␛` a byte order mark.

#![allow(clippy::expect_used, clippy::panic, clippy::string_slice, reason = "a test that cannot go on fails")]

use kaudit::yaml::{Document, Edit, Path};
use serde_json::Value;

const CASES: &str = include_str!("edits.txt");

struct Case {
    name: String,
    before: String,
    edits: Vec<Edit>,
    expected: Result<String, String>,
}

/// Reads `a.b[0]["c.d"]`; `.` is the root.
fn path(written: &str) -> Path {
    let mut path = Path::root();
    let mut rest = written.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]").expect("a closed key");
            path = path.key(key);
            rest = after;
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']').expect("a closed index");
            path = path.index(index.parse().expect("a number"));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            path = path.key(&rest[..end]);
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    path
}

fn value(written: &str) -> Value {
    serde_json::from_str(written).unwrap_or_else(|error| panic!("{written}: {error}"))
}

fn edit(written: &str) -> Edit {
    let mut words = written.splitn(3, ' ');
    let verb = words.next().unwrap_or_default();
    let path = path(words.next().expect("a path"));
    let rest = words.next().unwrap_or_default();
    let split = || rest.split_once(' ').expect("two arguments");
    match verb {
        "set" => Edit::Set { path, value: value(rest) },
        "insert" => {
            Edit::Insert { path, index: split().0.parse().expect("a number"), value: value(split().1) }
        }
        "put" => Edit::Put { path, key: split().0.to_owned(), value: value(split().1) },
        "remove" => Edit::Remove { path },
        _ => panic!("no such edit: {written}"),
    }
}

fn unescape(text: &str) -> String {
    text.replace('␍', "\r").replace("␄\n", "").replace('␉', "\t").replace('␛', "\u{feff}")
}

fn cases() -> Vec<Case> {
    CASES.split("=== ").skip(1).map(read_case).collect()
}

fn read_case(written: &str) -> Case {
    let (name, rest) = written.split_once('\n').expect("a name");
    let edits_start = rest.find("--- ").expect("an edit");
    let (before, rest) = rest.split_at(edits_start);
    let expected = match (rest.split_once("+++\n"), rest.split_once("!!! ")) {
        (Some((_, after)), _) => Ok(unescape(after)),
        (None, Some((_, reason))) => Err(reason.trim_end().to_owned()),
        (None, None) => panic!("{name} has no result"),
    };
    let edits = rest.lines().map_while(|line| line.strip_prefix("--- ")).map(edit).collect();
    Case { name: name.to_owned(), before: unescape(before), edits, expected }
}

#[test]
fn every_case_has_the_expected_result() {
    let mut wrong = Vec::new();
    for case in cases() {
        let result = Document::parse(&case.before).and_then(|document| document.edit(&case.edits));
        let right = match (&result, &case.expected) {
            (Ok(text), Ok(expected)) => text == expected,
            (Err(refusal), Err(reason)) => refusal.message.contains(reason) && !refusal.help.is_empty(),
            _ => false,
        };
        if !right {
            wrong.push(match result {
                Ok(text) => format!("=== {}\n{text}", case.name),
                Err(refusal) => format!("=== {}\n!!! {}", case.name, refusal.message),
            });
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases().len(), wrong.join("\n"));
}

#[test]
fn the_table_is_read_whole() {
    assert!(cases().len() >= 60, "{} cases", cases().len());
}
