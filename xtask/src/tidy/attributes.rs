//! Every exception to a lint has a reason. Clippy checks this too, but not in code that is compiled out.

use super::rust_code::code_only;
use super::{Finding, is_rust};

/// Finds `allow` and `expect` attributes without a reason.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !is_rust(path) {
        return Vec::new();
    }
    let code = code_only(text);
    let mut findings = Vec::new();
    for start in ["#[", "#!["].iter().flat_map(|opening| code.match_indices(opening)).map(|(start, _)| start)
    {
        let (before, attribute) = code.split_at(start);
        let attribute = attribute_at(attribute);
        let is_exception = ["allow(", "expect("].iter().any(|level| attribute.contains(level));
        if is_exception && !attribute.contains("reason") {
            let line = before.matches('\n').count() + 1;
            let message = "an exception without a reason; add reason = \"…\"".to_owned();
            findings.push(Finding { path: path.to_owned(), line, message });
        }
    }
    findings
}

/// The attribute that `code` begins with, up to its closing bracket.
fn attribute_at(code: &str) -> &str {
    let mut depth = 0_usize;
    let end = code.find(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ']' && depth == 0
    });
    code.get(..end.unwrap_or(code.len())).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check("src/lib.rs", text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn finds_exceptions_without_a_reason() {
        assert_eq!(lines("#![allow(dead_code)]\n"), [1]);
        assert_eq!(lines("fn f() {}\n\n    #[expect(\n    clippy::panic,\n)]\nfn g() {}"), [3]);
        assert_eq!(lines("//! Text.\n#[cfg_attr(test, allow(unused))]\n"), [2]);
        assert_eq!(lines("#[allow(unused)] // reason: none given"), [1]);
    }

    #[test]
    fn lets_reasons_and_other_code_be() {
        assert!(lines("#[allow(unused, reason = \"an array [1]\")]").is_empty());
        assert!(lines("#[derive(Debug)]\nfn allow() { x[1].expect(\"y\") }\n// #[allow(unused)]").is_empty());
    }
}
