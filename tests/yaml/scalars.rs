//! Plain scalars compared with Go's own results in `tests/yaml/go-scalars.tsv`.

#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use kaudit::yaml::{Document, resolve};
use serde_json::Value;

const ANSWERS: &str = include_str!("go-scalars.tsv");

/// The scalars and Go's value of each, as JSON; `None` where Go rejects it.
fn answers() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    ANSWERS.lines().filter(|line| !line.starts_with("# ")).map(|line| {
        let (scalar, answer) = line.split_once('\t').expect("two columns");
        (scalar, (answer != "!").then_some(answer))
    })
}

/// Whether both values are equal: integers exactly, floats as the nearest double. `serde_json` may differ in the last bit
/// of a float, so the text is parsed by the standard library.
fn is_same(ours: Option<&Value>, go: Option<&str>) -> bool {
    match (ours, go) {
        (None, None) => true,
        (Some(Value::Number(number)), Some(go)) if number.is_f64() => number.as_f64() == go.parse().ok(),
        (Some(ours), Some(go)) => serde_json::from_str::<Value>(go).is_ok_and(|go| *ours == go),
        _ => false,
    }
}

#[test]
fn resolves_as_go_does() {
    let wrong: Vec<_> = answers()
        .filter_map(|(scalar, go)| {
            let ours = resolve(scalar).to_json(scalar);
            (!is_same(ours.as_ref(), go)).then(|| format!("{scalar}: Go {go:?}, kaudit {ours:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(answers().count() > 5_000, "the table is incomplete");
}

#[test]
fn reads_documents_as_go_does() {
    for (scalar, go) in answers() {
        let text = format!("- {scalar}\n");
        match (Document::read(&text), go) {
            (Ok(document), Some(_)) => assert!(is_same(document.value().get(0), go), "{scalar}: {go:?}"),
            (Ok(_), None) => panic!("Go rejects {scalar}"),
            // kaudit refuses texts that YAML 1.1 and 1.2 split differently; none of them is a number or boolean.
            (Err(refusal), Some(go)) => {
                assert!(go.starts_with('"'), "{scalar} is refused: {refusal:?}");
            }
            (Err(_), None) => {}
        }
    }
}
