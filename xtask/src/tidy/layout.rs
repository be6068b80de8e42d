//! The top level has few entries, all familiar to Rust developers, and the README is short, so that the project is easy to
//! navigate.

use super::Finding;

/// All allowed entries, besides dot-files.
const TOP_LEVEL: [&str; 16] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "ansible",
    "docs",
    "rust-toolchain.toml",
    "src",
    "target",
    "templates",
    "tests",
    "xtask",
];

/// More than that belongs on a page under `docs/`.
const MOST_README_LINES: usize = 150;

/// Finds a README that is too long.
pub(super) fn check_readme(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    if path != "README.md" || lines <= MOST_README_LINES {
        return Vec::new();
    }
    let message = format!("{lines} lines, more than {MOST_README_LINES}; move a part to a page under docs/");
    vec![Finding { path: path.to_owned(), line: MOST_README_LINES + 1, message }]
}

/// Finds names that do not belong at the top level.
pub(super) fn check_top_level(names: &[String]) -> Vec<Finding> {
    let unexpected = |name: &&String| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str());
    let finding = |name: &String| Finding {
        path: name.clone(),
        line: 1,
        message:
            "does not belong at the top level; move it into one of the directories there, or name it in \
                  xtask/src/tidy/layout.rs"
                .to_owned(),
    };
    names.iter().filter(unexpected).map(finding).collect()
}

/// Finds a script that is not executable. `mode` is the file's, as from stat(2).
pub(super) fn check_executable(path: &str, mode: u32) -> Vec<Finding> {
    if mode & 0o111 == 0o111 {
        return Vec::new();
    }
    let message = format!("is not executable; git update-index --chmod=+x {path} && chmod +x {path}");
    vec![Finding { path: path.to_owned(), line: 1, message }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_unexpected_names_at_the_top_level() {
        let names = ["Cargo.toml", ".deny.toml", "notes.txt", "src"].map(str::to_owned);
        let findings = check_top_level(&names);
        assert_eq!(findings.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["notes.txt"]);
    }

    #[test]
    fn finds_a_long_readme() {
        let text = "line\n".repeat(150);
        assert_eq!(check_readme("README.md", &text), []);
        let findings = check_readme("README.md", &(text.clone() + "one more\n"));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [151]);
        assert_eq!(check_readme("docs/policies.md", &(text + "one more\n")), []);
    }

    #[test]
    fn finds_a_script_that_is_not_executable() {
        assert_eq!(check_executable(".ci/run", 0o100_644).len(), 1);
        assert_eq!(check_executable(".ci/run", 0o100_755), []);
    }
}
