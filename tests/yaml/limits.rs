//! Large, deep and malicious texts: read or refused, in time that grows with their length.

#![allow(clippy::disallowed_methods, reason = "run times are measured and compared")]

use std::time::{Duration, Instant};

use kaudit::yaml::{Document, Edit, MAX_BYTES, Path, decode};
use serde_json::json;

/// A text that is eight times as long may take this many times as long: far above linear, well below quadratic (64).
const MAX_RATIO: u32 = 40;
/// Shorter times are not measured accurately.
const NOISE: Duration = Duration::from_millis(5);

/// Reads the text of `size` and of an eighth of it, and compares the times in the same run.
fn assert_time_grows_with_length(size: usize, make: impl Fn(usize) -> String) {
    let time = |size: usize| {
        let text = make(size);
        let started = Instant::now();
        let _ = Document::parse(&text);
        started.elapsed()
    };
    let (short, long) = (time(size / 8).max(NOISE), time(size));
    assert!(long < short * MAX_RATIO, "{long:?} for {size}, {short:?} for an eighth of it");
}

#[test]
fn time_grows_with_length() {
    assert_time_grows_with_length(MAX_BYTES, |size| format!("a: \"{}\"", "é".repeat(size / 2 - 10)));
    assert_time_grows_with_length(MAX_BYTES, |size| "# comment\n".repeat(size / 10));
    assert_time_grows_with_length(1 << 20, |size| format!("[{}]", "1,".repeat(size / 2)));
    assert_time_grows_with_length(1 << 20, |size| format!("a:\n{}", "- --flag=value\n".repeat(size / 15)));
    assert_time_grows_with_length(1 << 19, |size| "a: 1\n".repeat(size / 5));
    assert_time_grows_with_length(1 << 19, |size| "[".repeat(size));
}

#[test]
fn a_manifest_of_ten_mebibytes_is_edited() {
    let line = "# a comment that makes the manifest large, as long as this line is and longer\n";
    let mut text = String::from("spec:\n  command:\n  - kube-apiserver\n");
    text.push_str(&line.repeat((MAX_BYTES - 100) / line.len()));
    let document = Document::parse(&text).expect("is read");
    let path = Path::root().key("spec").key("command");
    let edited = document.edit(&[Edit::Insert { path, index: 1, value: json!("--a=1") }]).expect("is edited");
    assert_eq!(edited.len(), text.len() + "  - --a=1\n".len());
}

#[test]
fn one_line_of_ten_mebibytes_is_read() {
    let text = format!("a: \"{}\"", "é".repeat(MAX_BYTES / 2 - 10));
    assert!(Document::parse(&text).is_ok());
    let text = format!("a: {}", "x ".repeat(MAX_BYTES / 2 - 10));
    assert!(Document::parse(text.trim_end()).is_ok());
    let text = format!("[{}]", "1,".repeat(100_000));
    assert!(Document::parse(&text).is_ok());
}

#[test]
fn a_list_of_a_hundred_thousand_items_is_edited() {
    let text = format!("command:\n{}z: 1\n", "- --flag=value\n".repeat(100_000));
    let document = Document::parse(&text).expect("is read");
    let path = Path::root().key("command");
    let edited =
        document.edit(&[Edit::Insert { path, index: 100_000, value: json!("x") }]).expect("is edited");
    assert!(edited.ends_with("- --flag=value\n- x\nz: 1\n"));
}

#[test]
fn a_mapping_of_many_duplicate_keys_is_refused() {
    let refusal = Document::parse(&"a: 1\n".repeat(100_000)).expect_err("is refused");
    assert_eq!(refusal.location.position.map(|position| position.line), Some(2));
}

#[test]
fn texts_that_are_too_long_are_refused() {
    assert!(decode(&vec![b' '; MAX_BYTES + 1]).is_err());
    assert!(Document::read(&" ".repeat(MAX_BYTES + 1)).is_err());
    assert!(decode(&vec![b' '; MAX_BYTES]).is_ok());
}

#[test]
fn deep_nesting_is_refused() {
    let indented: String = (0..2_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    for text in
        ["[".repeat(1 << 20), "{a: ".repeat(1 << 18), "- ".repeat(1 << 16), indented, "[{a: ".repeat(1 << 16)]
    {
        let refusal = Document::parse(&text).expect_err("is refused");
        assert!(!refusal.help.is_empty(), "{refusal:?}");
    }
}

#[test]
fn alias_bombs_are_refused() {
    let level = |level: usize| {
        let below = level.checked_sub(1).map_or("x, ".to_owned(), |below| format!("*a{below}, "));
        format!("a{level}: &a{level} [{}]\n", below.repeat(10))
    };
    let bomb: String = (0..12).map(level).collect();
    let refusal = Document::parse(&bomb).expect_err("is refused");
    assert!(refusal.message.contains("excessive aliasing"), "{refusal:?}");
    let refusal = Document::parse("a: &a\n  b: *a\n").expect_err("is refused");
    assert!(refusal.message.contains("contains itself"), "{refusal:?}");
}

#[test]
fn other_encodings_are_refused_with_their_position() {
    assert!(decode(b"\xff\xfea\0").is_err());
    let refusal = decode(b"a: 1\nb: \xff\n").expect_err("is refused");
    assert_eq!(refusal.location.position.map(|position| (position.line, position.column)), Some((2, 4)));
    assert!(decode(b"a: \0").is_err());
}
