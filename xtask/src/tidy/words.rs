//! Words that must not remain in the source: unfinished work, debugging, disabled tests, output that bypasses the report,
//! paths of one developer's machine.

use super::rust_code::{code_only, is_word};
use super::{Finding, is_rust};

/// A word, and what to do instead.
struct Word {
    word: &'static str,
    instead: &'static str,
}

/// In the code of any Rust file.
const IN_CODE: [Word; 4] = [
    Word { word: "todo!", instead: "implement it, or remove it" },
    Word { word: "unimplemented!", instead: "implement it, or remove it" },
    Word { word: "dbg!", instead: "remove it" },
    Word { word: "#[ignore", instead: "let the test run, or remove it" },
];

/// In the code of `src/`. They panic when the other end of the pipe is closed, which would abort a change half-way.
const PRINTING: [Word; 4] = [
    Word { word: "print!", instead: "write through `report`, which tolerates a closed pipe" },
    Word { word: "println!", instead: "write through `report`, which tolerates a closed pipe" },
    Word { word: "eprint!", instead: "write through `report`, which tolerates a closed pipe" },
    Word { word: "eprintln!", instead: "write through `report`, which tolerates a closed pipe" },
];

/// In every file of the project, comments included.
const IN_TEXT: [Word; 3] = [
    Word { word: "FIXME", instead: "fix it, or file an issue" },
    Word { word: "XXX", instead: "fix it, or file an issue" },
    Word { word: "/home/", instead: "a path of one machine; make it relative" },
];

/// Files of the project. Test input, such as manifests under `tests/`, may contain anything.
const WRITTEN: [&str; 6] = [".rs", ".md", ".toml", ".go", ".sh", ".ci/run"];

/// This file defines these terms, so the rule skips it.
const OWN_PATH: &str = "xtask/src/tidy/words.rs";

/// Finds these terms.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if path == OWN_PATH || !WRITTEN.iter().any(|end| path.ends_with(end)) {
        return Vec::new();
    }
    let mut findings = search(path, text, &IN_TEXT);
    if is_rust(path) {
        let code = code_only(text);
        findings.extend(search(path, &code, &IN_CODE));
        if path.starts_with("src/") {
            findings.extend(search(path, &code, &PRINTING));
        }
    }
    findings
}

fn search(path: &str, text: &str, words: &[Word]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for Word { word, instead } in words {
            if contains(line, word) {
                let message = format!("`{word}`: {instead}");
                findings.push(Finding { path: path.to_owned(), line: index + 1, message });
            }
        }
    }
    findings
}

/// Whether `line` has `word` with no letter before or after: `eprintln!` has no `println!`, `src/home/` no `/home/`.
fn contains(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|before| before.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|after| after.chars().next());
        let ends_open = word.ends_with(is_word) && after.is_some_and(is_word);
        !ends_open && !before.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let quoted = |finding: Finding| {
            let word = finding.message.split('`').nth(1).unwrap().to_owned();
            format!("{} {word}", finding.line)
        };
        check(path, text).into_iter().map(quoted).collect()
    }

    #[test]
    fn finds_unfinished_code() {
        assert_eq!(found("tests/golden.rs", "fn f() {\n    todo!()\n}"), ["2 todo!"]);
        assert_eq!(found("src/plan/mod.rs", "dbg!(x); unimplemented!()"), ["1 unimplemented!", "1 dbg!"]);
        assert_eq!(found("xtask/src/ci.rs", "#[test]\n#[ignore = \"slow\"]"), ["2 #[ignore"]);
        assert_eq!(found("src/lib.rs", "// FIXME: later"), ["1 FIXME"]);
        assert_eq!(found("README.md", "\n\nXXX"), ["3 XXX"]);
    }

    #[test]
    fn finds_printing_in_the_program() {
        assert_eq!(found("src/cli/mod.rs", "println!(\"x\");\neprint!(\"x\");"), ["1 println!", "2 eprint!"]);
        assert_eq!(found("xtask/src/ci.rs", "println!(\"x\");"), [""; 0]);
    }

    #[test]
    fn finds_paths_of_one_machine() {
        assert_eq!(found(".ci/run", "cd /home/me/kaudit"), ["1 /home/"]);
        assert_eq!(found("src/lib.rs", "//! see (/home/me)"), ["1 /home/"]);
        assert_eq!(found("README.md", "see src/home/mod.rs"), [""; 0]);
        assert_eq!(found("tests/corpus/gce.yaml", "path: /home/kubernetes"), [""; 0]);
    }

    #[test]
    fn lets_prose_and_longer_words_be() {
        assert_eq!(found("src/lib.rs", "// No todo!() here.\nlet mktodo = \"dbg!\";\n// XXXL"), [""; 0]);
    }
}
