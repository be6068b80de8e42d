//! A file has one topic, and one topic fits in about 300 lines. That is a hint for reviews; a file of more than 400 lines must state the reason for its length.

use super::{Finding, is_rust};

const MOST_LINES: usize = 400;
const EXCUSE: &str = "//! Long because";

/// Finds source files that are too long and do not say why.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let is_source = is_rust(path) && (path.starts_with("src/") || path.starts_with("xtask/src/"));
    let lines = text.lines().count();
    if !is_source || lines <= MOST_LINES || text.lines().any(|line| line.starts_with(EXCUSE)) {
        return Vec::new();
    }
    let message = format!(
        "{lines} lines, more than {MOST_LINES}; split it by topic, or say why in a line `{EXCUSE} …`"
    );
    vec![Finding { path: path.to_owned(), line: MOST_LINES + 1, message }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_long_file() {
        let findings = check("src/yaml/parse.rs", &"fn f() {}\n".repeat(401));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [401]);
    }

    #[test]
    fn lets_short_files_reasons_and_tests_be() {
        assert_eq!(check("src/yaml/parse.rs", &"fn f() {}\n".repeat(400)), []);
        let excused = format!("//! Flags.\n//!\n//! Long because it is one table.\n{}", "//\n".repeat(400));
        assert_eq!(check("src/audit/flags.rs", &excused), []);
        assert_eq!(check("tests/corpus.rs", &"\n".repeat(999)), []);
    }
}
