//! `unsafe` is allowed in one file only. The compiler denies it everywhere, but a file can override that lint; it cannot
//! override this rule.

use super::rust_code::{code_only, is_word};
use super::{Finding, is_rust};

/// The only file that may use `unsafe`.
const PLACE: &str = "src/node/steering/bpf.rs";

/// Finds `unsafe` in the code of other files, and attributes there that would allow it.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !is_rust(path) || path == PLACE {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in code_only(text).lines().enumerate() {
        let mut words = line.split(|c| !is_word(c));
        if words.any(|word| matches!(word, "unsafe" | "unsafe_code")) {
            let message = format!("`unsafe` here: its only place is {PLACE}; find a safe function");
            findings.push(Finding { path: path.to_owned(), line: index + 1, message });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn finds_unsafe_code_anywhere_else() {
        assert_eq!(lines("src/node/lock.rs", "fn f() {\n    unsafe { g() }\n}"), [2]);
        assert_eq!(lines("src/node/steering/mod.rs", "unsafe fn f() {}"), [1]);
        assert_eq!(lines("tests/golden.rs", "#[unsafe(no_mangle)]\nfn f() {}"), [1]);
        assert_eq!(lines("xtask/src/ci.rs", "#![allow(\n    unsafe_code,\n    reason = \"\"\n)]"), [2]);
    }

    #[test]
    fn lets_its_place_prose_and_longer_words_be() {
        assert!(lines("src/node/steering/bpf.rs", "unsafe { f() }").is_empty());
        assert!(lines("src/lib.rs", "// unsafe\nlet is_unsafe = \"unsafe\"; mod unsafe_words;").is_empty());
        assert!(lines("README.md", "unsafe").is_empty());
    }
}
