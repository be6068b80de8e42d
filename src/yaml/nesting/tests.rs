//! Nesting by brackets and indentation.

use super::*;

#[test]
fn only_collections_count_as_nesting() {
    for (text, deepest) in [
        ("a: 1\nb: 2\n", 1),
        ("a:\n  b:\n  - c: 1\nd: [1, {e: [2]}]\n", 4),
        ("- - - a\n- b\n", 3),
        ("a: '[[[['\nb: \"[[\\\"[[\"\nc: x [[[[\n  [[[\n# [[[\nd: e #f [[[[\n", 1),
        ("a: |\n  [[[[\n\n   [[[\nb: >-\n  {{{\nc: [']', \"]\", [] # ]\n  ]\n", 3),
        ("a: [b[c, d:e, f: [g]]\n", 4),
        ("%YAML 1.1\n---\na: 1\n---\n[[[[\n", 1),
        ("[[]: ]]]]", 2),
    ] {
        let nesting = Nesting::of(text);
        assert_eq!(nesting.deepest, deepest, "{text}");
        assert_eq!(nesting.exceeded, None);
    }
}

#[test]
fn the_limit_is_exceeded_at_the_same_byte_as_in_go() {
    let deep = |piece: &str| Nesting::of(&piece.repeat(20_000)).exceeded;
    assert_eq!(deep("["), Some(MAX_DEPTH_IN_GO));
    assert_eq!(deep("a: {"), Some(MAX_DEPTH_IN_GO * 4 + 3));
    assert_eq!(deep("- "), Some(MAX_DEPTH_IN_GO * 2));
    assert_eq!(Nesting::of(&format!("a: {}", "[".repeat(MAX_DEPTH_IN_GO))).exceeded, None);
}

#[test]
fn tabs_are_those_that_separate() {
    let text = "a:\tb\n'c': \t d\ne: f\tg\n-\th: [i:\tj]\n";
    assert_eq!(Nesting::of(text).tabs, [2, 10, 29]);
}

#[test]
fn regions_are_nested_pairs_of_brackets() {
    let deep = format!("{}{}", "[".repeat(90), "]".repeat(90));
    let nesting = Nesting::of(&format!("a: {deep}\n"));
    assert_eq!(nesting.regions, [83..103, 43..143]);
    assert!(!nesting.is_intricate);
    for text in ["[{[a]: b}]", "[&a b]", "{<<: [a]}"] {
        assert!(Nesting::of(text).is_intricate, "{text}");
    }
}

#[test]
fn shallow_lines_are_those_within_brackets_and_quotes() {
    for (text, lines) in [
        ("a: [\n]\n", &[(5, 1)][..]),
        ("a:\n  b: {\n c: d,\n\n   e: f\n  }\n", &[(10, 2), (26, 1)]),
        ("a:\n- 'b\nc'\n- \"d\n  e\n\"\n", &[(8, 1), (20, 1)]),
        ("[\na,\nb\n]\n", &[]),
        ("a: |\n [\n ]\nb: c\n d\ne:\n- f # [\n- g\n", &[]),
    ] {
        assert_eq!(Nesting::of(text).shallow_lines, lines, "{text}");
    }
}
