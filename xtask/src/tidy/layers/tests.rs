//! Whole trees, in memory.

use std::path::Path;

use super::check;
use crate::tidy::read_texts;

const TABLES: &str = "## Layers\n\n| floor | modules | what for |\n|---|---|---|\n\
    | 3 | `cli` | commands |\n\
    | 2.2 | `policy::lint` | checks |\n\
    | 2.1 | `policy::load` | reading |\n\
    | 2 | `policy` | the model |\n\
    | 1 | `value` | values |\n";

/// A tree that keeps the rules, with `changes` in it: a new text for a file, or a new file.
fn tree(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut files = vec![
        ("ARCHITECTURE.md", TABLES),
        ("src/lib.rs", "pub mod cli;\npub mod policy;\npub mod value;\n"),
        ("src/main.rs", "fn main() { kaudit::cli::run() }"),
        ("src/cli/mod.rs", "use crate::policy::{Policy, lint};\npub fn run() { lint(Policy) }\n"),
        (
            "src/policy/mod.rs",
            "mod load;\nmod lint;\nmod model;\npub use lint::lint;\npub use load::load as read;\npub use model::Policy;\n",
        ),
        ("src/policy/model.rs", "use crate::value::Value;\npub struct Policy;\n"),
        ("src/policy/load/mod.rs", "use super::Policy;\npub fn load() -> Policy { Policy }\n"),
        (
            "src/policy/lint/mod.rs",
            "use crate::policy::{Policy, read};\npub fn lint(_: Policy) { read(); }\n",
        ),
        ("src/value.rs", "pub struct Value;\n"),
    ];
    for (path, text) in changes {
        files.retain(|(known, _)| known != path);
        files.push((path, text));
    }
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// What is found: place, and the beginning of the message.
fn found(changes: &[(&str, &str)]) -> Vec<String> {
    let short = |message: &str| message.split(['(', ';']).next().unwrap().trim().to_owned();
    check(&tree(changes))
        .into_iter()
        .map(|f| format!("{}:{} {}", f.path, f.line, short(&f.message)))
        .collect()
}

#[test]
fn lets_a_layered_tree_be() {
    assert_eq!(found(&[]), [""; 0]);
}

#[test]
fn rejects_an_upward_import() {
    let changes =
        [("src/value.rs", "//\nfn f() { crate::cli::run() }"), ("src/policy/model.rs", "pub struct Policy;")];
    let [finding] = check(&tree(&changes)).try_into().unwrap();
    assert_eq!(
        finding.to_string(),
        "src/value.rs:2: `crate::cli::run` leads from `value` (floor 1) to `cli` (floor 3); imports lead to lower floors \
         only: move what both need further down, or take it as an argument"
    );
    assert_eq!(
        found(&[("src/value.rs", "use crate::policy::Policy;")]),
        [
            "src/value.rs:1 `crate::policy::Policy` leads from `value`",
            "src/policy/model.rs:1 2 files import each other"
        ]
    );
}

#[test]
fn rejects_an_upward_import_within_a_big_module() {
    assert_eq!(
        found(&[("src/policy/load/mod.rs", "use super::super::policy::lint;")])[..1],
        ["src/policy/load/mod.rs:1 `super::super::policy::lint` leads from `policy::load`"]
    );
    // The module's own files are below its folders here.
    assert_eq!(
        found(&[("src/policy/model.rs", "pub struct Policy;\nfn f() { super::read(); }")])[..1],
        ["src/policy/model.rs:2 `super::read` leads from `policy`"]
    );
}

#[test]
fn follows_names_to_where_they_are_defined() {
    // `policy` passes on a name of `policy::lint`, so that importing it from there leads above `policy::load`.
    for text in [
        "use crate::policy::lint;",
        "use crate::{policy::{Policy, lint as check}};",
        "use super::lint;",
        "use crate::policy;\nfn f() { policy::lint() }",
        "use super::super::policy as p;\nfn f() { p::lint() }",
        "use super::lint::lint;",
        "fn f() { super::lint() }",
        "fn f() { crate::policy::lint::lint() }",
    ] {
        let found = found(&[("src/policy/load/mod.rs", &format!("//\n{text}\npub fn load() {{}}\n"))]);
        assert!(found.iter().any(|line| line.contains("leads from `policy::load`")), "{text}: {found:?}");
    }
    // An item from a lower module that `policy` re-exports is not an upward import.
    let text = "use crate::policy::{Policy, read};\nuse crate::value::Value as V;\npub fn lint() { Policy::new(read) }";
    assert_eq!(found(&[("src/policy/lint/mod.rs", text)]), [""; 0]);
}

#[test]
fn rejects_imports_on_the_same_floor() {
    let tables = TABLES.replace("| 2.2 |", "| 2.1 |");
    assert_eq!(
        found(&[("ARCHITECTURE.md", &tables)]),
        ["src/policy/lint/mod.rs:1 `crate::policy::read` leads from `policy::lint`"]
    );
}

#[test]
fn leaves_out_tests_comments_and_other_crates() {
    let text = "//! [x](crate::cli::run)\nuse cli::run;\nuse std::cli;\npub(in crate::cli) struct Value;\n\
        #[cfg(test)]\nmod server;\n#[cfg(test)]\nmod tests {\n    use crate::cli::run;\n}\n";
    let upward = "use crate::cli::run;";
    let files = [
        ("src/value.rs", text),
        ("src/value/server.rs", upward),
        ("src/value/tests.rs", upward),
        ("src/policy/tests/more.rs", upward),
        ("tests/cli.rs", upward),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn rejects_modules_without_a_row_and_rows_without_a_module() {
    let without =
        |row: &str| TABLES.lines().filter(|line| !line.contains(row)).collect::<Vec<_>>().join("\n");
    assert_eq!(
        found(&[("ARCHITECTURE.md", &without("`value`"))]),
        ["src/value.rs:1 the module `value` has no floor"]
    );
    assert_eq!(
        found(&[("ARCHITECTURE.md", &without("`policy::lint`"))])[..1],
        ["src/policy/lint/mod.rs:1 the module `policy::lint` has no floor"]
    );
    let more = format!("{TABLES}| 4 | `guardian`, `cli` | x |\n");
    assert_eq!(
        found(&[("ARCHITECTURE.md", &more)])[..2],
        [
            "ARCHITECTURE.md:10 there is no module `guardian`",
            "ARCHITECTURE.md:10 the module `cli` has two floors"
        ]
    );
}

#[test]
fn rejects_a_cycle_that_is_not_listed() {
    let cycle = [
        ("src/cli/mod.rs", "mod a;\nmod b;\npub fn run() { a::a() }\n"),
        ("src/cli/a.rs", "//\nuse super::b::b;\npub fn a() {}"),
        ("src/cli/b.rs", "pub fn b() { super::a::a() }"),
    ];
    let findings = check(&tree(&cycle));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(
        finding.to_string(),
        "src/cli/a.rs:2: 2 files import each other (src/cli/a.rs, src/cli/b.rs), for example src/cli/a.rs:2 → \
         src/cli/b.rs:1 → src/cli/a.rs; move what they share into a file of its own, or list them in ARCHITECTURE.md with \
         a reason"
    );
    let row = |files: &str| {
        format!("{TABLES}\n| allowed cycles: files | reason |\n|---|---|\n| {files} | one grammar |\n")
    };
    let with = |table: &str| {
        let changes: Vec<(&str, &str)> = cycle.iter().copied().chain([("ARCHITECTURE.md", table)]).collect();
        found(&changes)
    };
    assert_eq!(with(&row("`src/cli/a.rs`, `src/cli/b.rs`")), [""; 0]);
    assert_eq!(
        with(&row("`src/cli/a.rs`, `src/cli/b.rs`, `src/cli/mod.rs`")),
        ["src/cli/a.rs:2 2 files import each other", "ARCHITECTURE.md:13 there is no such cycle"]
    );
}

#[test]
fn passing_a_name_on_is_an_import_only_where_it_is_used() {
    let child = ("src/cli/child.rs", "use super::Shared;\npub fn child(_: Shared) {}");
    let pure = "mod child;\npub use child::child;\npub struct Shared;\npub fn run(child: u8) {}\n";
    assert_eq!(found(&[("src/cli/mod.rs", pure), child]), [""; 0]);
    let used = "mod child;\npub use child::child;\npub struct Shared;\npub fn run() { child(Shared) }\n";
    assert_eq!(found(&[("src/cli/mod.rs", used), child]), ["src/cli/child.rs:1 2 files import each other"]);
}

/// The project itself, as it is on disk.
fn project() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    read_texts(root, "src/", &mut files).unwrap();
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    files.push(("ARCHITECTURE.md".to_owned(), text));
    files
}

#[test]
fn rejects_an_upward_import_in_the_project() {
    let mut files = project();
    let (_, text) = files.iter_mut().find(|(path, _)| path == "src/digest.rs").unwrap();
    text.insert_str(0, "use crate::cli::run;\n");
    let findings: Vec<String> = check(&files).into_iter().map(|finding| finding.to_string()).collect();
    assert!(
        findings.iter().any(|finding| finding.starts_with("src/digest.rs:1: `crate::cli::run`")),
        "{findings:?}"
    );
}

#[test]
fn the_project_keeps_its_layers() {
    let findings: Vec<String> = check(&project()).into_iter().map(|finding| finding.to_string()).collect();
    assert_eq!(findings, [""; 0]);
}
