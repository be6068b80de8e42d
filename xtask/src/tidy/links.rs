//! A link to a file that is gone is worse than none.

use std::path::Path;

use super::Finding;

/// Finds links of a Markdown file to local files that do not exist.
///
/// `exists` is asked about paths from the root of the project. Links in code, to addresses and within the page are not
/// looked at.
pub(super) fn check(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    if Path::new(path).extension().is_none_or(|extension| extension != "md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(&without_code(line)) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty()
                && !is_address(target)
                && !resolve(path, file).is_some_and(|file| exists(&file))
            {
                let message = format!("links to `{target}`, which does not exist; mend the link");
                findings.push(Finding { path: path.to_owned(), line: index + 1, message });
            }
        }
    }
    findings
}

/// The targets of `[text](target "title")`, `![text](target)` and `[label]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let definition =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    inline.chain(definition).collect()
}

/// `line` without its `code spans`.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

fn is_address(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// `target`, which stands in the file `from`, as a path from the root; none where it leaves the project.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let directory = Path::new(from).parent()?.to_str()?;
    for part in directory.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        let exists = |file: &str| ["LICENSE", "tests/go", "tests/README.md"].contains(&file);
        check(path, text, exists).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn finds_links_to_nothing() {
        assert_eq!(
            found("README.md", "see [a](LICENSE)\nand [b](LICENCE \"title\"), ![c](logo.png)"),
            [2, 2]
        );
        assert_eq!(found("tests/README.md", "[up](../LICENSE), [down](go#x), [gone](../go)"), [1]);
        assert_eq!(found("README.md", "[label]: NOTHING.md"), [1]);
        assert_eq!(found("README.md", "[outside](../elsewhere)"), [1]);
    }

    #[test]
    fn lets_good_links_addresses_and_code_be() {
        assert!(
            found("README.md", "[a](tests/README.md#top) [b](#here) [c](https://x.test/a) `[d](e)`")
                .is_empty()
        );
        assert!(found("README.md", "```\n[a](b)\n```\n[c](LICENSE)").is_empty());
        assert!(found("src/lib.rs", "//! [a](b)").is_empty());
    }
}
