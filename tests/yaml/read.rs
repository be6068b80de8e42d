//! Reading documents: values as Go reads them, anomalies, positions, and errors with position and help.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use kaudit::yaml::{AnomalyKind, Document, Path};
use serde_json::{Value, json};

fn read(text: &str) -> Document {
    Document::read(text).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

/// The values are those that `tests/go/yamljson` prints.
#[test]
fn values_are_those_that_go_reads() {
    let cases: [(&str, Value); 12] = [
        ("", json!(null)),
        ("# only a comment\n", json!(null)),
        ("---\n---\na: 1\n", json!(null)),
        ("a: yes\nb: 017\nc: 12:30\nd: '1'\n", json!({"a": true, "b": 15, "c": "12:30", "d": "1"})),
        ("on: 1\n1.5: 2\n0x10: 3\n", json!({"true": 1, "1.5": 2, "16": 3})),
        ("1000000.0: a\n", json!({"1e+06": "a"})),
        ("a: 1\na: 2\n", json!({"a": 2})),
        // A later merge overrides an earlier key, as in go-yaml v2.
        (
            "x: &x {a: 1, b: 2}\nz:\n  a: 3\n  <<: *x\n  b: 4\n",
            json!({"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 4}}),
        ),
        ("a: !!str 1\nb: !!int \"2\"\nc: !mine 3\n", json!({"a": "1", "b": 2, "c": "3"})),
        ("a: |\n  x\n  y", json!({"a": "x\ny"})),
        ("{\"a\": [1, \"\\u00e9\"]}", json!({"a": [1, "é"]})),
        ("\u{feff}a: 1\r\nb: 2\r\n", json!({"a": 1, "b": 2})),
    ];
    for (text, value) in cases {
        assert_eq!(*read(text).value(), value, "{text:?}");
    }
}

#[test]
fn anomalies_are_found_with_their_positions() {
    let text = "%YAML 1.1\n---\na: 1\nyes: 2\nb: &b {}\nc: {<<: *b}\nd: !!str x\na: 3\n...\n---\nz: 1\n";
    let document = read(text);
    let found: Vec<_> = document
        .anomalies()
        .iter()
        .map(|anomaly| (document.position_at(anomaly.at).line, anomaly.kind.clone()))
        .collect();
    let expected = [
        (1, AnomalyKind::Directive),
        (4, AnomalyKind::NonStringKey { written: "yes".to_owned() }),
        (6, AnomalyKind::MergeKey),
        (7, AnomalyKind::Tag { tag: "tag:yaml.org,2002:str".to_owned() }),
        (8, AnomalyKind::DuplicateKey { key: "a".to_owned(), first: 14 }),
        (11, AnomalyKind::FurtherDocument),
    ];
    assert_eq!(found, expected);
}

#[test]
fn positions_are_those_of_keys_and_values() {
    let document = read("\u{feff}é: \"ü\"\nlist:\n- a\n-   k: v\n");
    let place = |path: &Path| document.position(path).map(|position| (position.line, position.column));
    assert_eq!(place(&Path::root().key("é")), Some((1, 4)));
    let value = Path::root().key("list").index(1).key("k");
    assert_eq!(place(&value), Some((4, 8)));
    assert_eq!(document.key_position(&value).map(|position| position.column), Some(5));
    assert_eq!(place(&Path::root().key("list").index(2)), None);
}

/// The parser follows YAML 1.2, which requires indentation; libyaml and Go do not. The values are those of
/// `tests/go/yamljson`.
#[test]
fn lines_within_brackets_and_quotes_need_no_indentation() {
    let cases: [(&str, Value); 8] = [
        ("a: [\n  \"b\"\n]\n", json!({"a": ["b"]})),
        ("- a: [\n\"b\", # c\n# d\n'e',\n\nf\n  g\nh]\n", json!([{"a": ["b", "e", "f g h"]}])),
        ("a:\n  b: {\n\"c\":\n1,\nd: [\n\"e\"\n]\n}\n", json!({"a": {"b": {"c": 1, "d": ["e"]}}})),
        ("a:\n  b: \"c\nd\n\n  e \\\nf\"\n", json!({"a": {"b": "c d\ne f"}})),
        ("a:\n  b: 'é\nü'\n  c: 'ö'\n", json!({"a": {"b": "é ü", "c": "ö"}})),
        ("\u{feff}a:\r\n- [\r\n\"é\"\r\n]\r\n- b\r\n", json!({"a": [["é"], "b"]})),
        ("a:\n- &b [\n'c'\n]\n- *b\n", json!({"a": [["c"], ["c"]]})),
        ("- - [\n'c'\n]\n  - !!seq [\n'd'\n]", json!([[["c"], ["d"]]])),
    ];
    for (text, value) in cases {
        let document = read(text);
        assert_eq!(*document.value(), value, "{text:?}");
        assert_eq!(document.text(), text);
    }
    for text in [
        "a: [\n\"b\"\n---\n]\n",
        "a:\n  b: 'c\n--- d'\n",
        "a: [\n\"b\"\n: c]\n",
        "a:\n  ['b',\n'c']: d\n",
        "a: [\n\"b\"\n",
    ] {
        Document::read(text).unwrap_err();
    }
}

#[test]
fn padding_does_not_change_positions() {
    let text = "é: {a: [\n\"ü\",\n b, {c:\n\"d\"}\n]}\ne:\n- [\n'f'\n]\n- g: \"h\n i\"\n  j: k\n";
    let document = read(text);
    let span = |path: &Path| text.get(document.node(path).expect("a node").span()).expect("characters");
    let list = Path::root().key("é").key("a");
    assert_eq!(span(&list.clone().index(0)), "\"ü\"");
    assert_eq!(span(&list.clone().index(1)), "b");
    assert_eq!(span(&list.clone().index(2).key("c")), "\"d\"");
    assert_eq!(span(&list), "[\n\"ü\",\n b, {c:\n\"d\"}\n]");
    let list = Path::root().key("e");
    assert_eq!(span(&list.clone().index(0).index(0)), "'f'");
    assert_eq!(span(&list.clone().index(1).key("g")), "\"h\n i\"");
    let place = document.position(&list.index(1).key("j"));
    assert_eq!(place.map(|place| (place.line, place.column)), Some((12, 6)));
}

#[test]
fn spans_are_exact() {
    let text = "a: 'it''s'  # c\nb: one\n  two # c\nc:\n- |\n  x\n\n  y\n\n# c\n- {k: [v]} # c\n";
    let document = read(text);
    let span = |path: &Path| text.get(document.node(path).expect("a node").span()).expect("characters");
    assert_eq!(span(&Path::root().key("a")), "'it''s'");
    assert_eq!(span(&Path::root().key("b")), "one\n  two");
    let list = Path::root().key("c");
    assert_eq!(span(&list.clone().index(0)), "|\n  x\n\n  y");
    assert_eq!(span(&list.clone().index(1)), "{k: [v]}");
    assert_eq!(span(&list.index(1).key("k")), "[v]");
}

#[test]
fn errors_have_a_position_and_help() {
    let cases = [
        ("a:\n\tb: 2\n", 2, "tabs"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a: 1\nb: x\u{2028}y\n", 2, "invisible character"),
        ("# c\u{85}a: 1\nb: 2\n", 1, "invisible character"),
        ("a: .inf\n", 1, "no form in JSON"),
        ("~: 1\n", 1, "not a string"),
        ("[a]: 1\n", 1, ""),
        ("a: !!int x\n", 1, "cannot be read as !!int"),
        ("a: 1\nb: [x?]\n", 2, "unquoted `?`"),
        ("a: \"\\/\"\n", 1, "unknown escape character"),
        ("a: 1\n<<: 2\n", 2, "only mappings"),
        ("a: *b\n", 1, "unknown anchor"),
    ];
    for (text, line, reason) in cases {
        let refusal = Document::read(text).expect_err(text);
        assert_eq!(
            refusal.location.position.map(|position| position.line),
            Some(line),
            "{text:?}: {refusal:?}"
        );
        assert!(refusal.message.contains(reason), "{text:?}: {refusal:?}");
        assert!(!refusal.help.is_empty() && refusal.location.excerpt.is_some(), "{text:?}: {refusal:?}");
    }
}
