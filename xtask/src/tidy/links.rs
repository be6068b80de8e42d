//! Links between Markdown files: the file and the heading that a link names exist, the pages under `docs/` link only to each
//! other, and `docs/SUMMARY.md` lists each of them once.

use std::collections::BTreeMap;
use std::path::Path;

use super::Finding;

const DOCS: &str = "docs/";
/// mdBook's table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Finds broken links and pages that the table of contents does not list.
///
/// `files` are the paths of all texts from the root of the project with their content; `exists` checks paths from the
/// root. Links in code and to addresses are not checked.
pub(super) fn check(files: &[(String, String)], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let pages: BTreeMap<&str, &str> = files
        .iter()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "md"))
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let mut findings = Vec::new();
    for (path, text) in &pages {
        for (line, target) in links(text) {
            if let Some(message) = fault(path, target, &pages, &exists) {
                findings.push(Finding { path: (*path).to_owned(), line, message });
            }
        }
    }
    findings.extend(check_summary(&pages));
    findings
}

/// The error in a link of the page `path`.
fn fault(
    path: &str,
    target: &str,
    pages: &BTreeMap<&str, &str>,
    exists: impl Fn(&str) -> bool,
) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let missing = || Some(format!("links to `{target}`, which does not exist; correct the link"));
    let file = if file.is_empty() { Some(path.to_owned()) } else { resolve(path, file) };
    let Some(file) = file.filter(|file| exists(file)) else { return missing() };
    if path.starts_with(DOCS) && !file.starts_with(DOCS) {
        return Some(format!("links to `{target}`, which is not in the book; name the file without a link"));
    }
    match (anchor, pages.get(file.as_str())) {
        (Some(anchor), Some(page)) if !anchors(page).iter().any(|known| known == anchor) => missing(),
        _ => None,
    }
}

/// Finds pages that `SUMMARY.md` does not list exactly once.
fn check_summary(pages: &BTreeMap<&str, &str>) -> Vec<Finding> {
    let Some(summary) = pages.get(SUMMARY) else { return Vec::new() };
    let listed: Vec<String> =
        links(summary).into_iter().filter_map(|(_, target)| resolve(SUMMARY, target)).collect();
    let is_page = |path: &&str| path.starts_with(DOCS) && *path != SUMMARY;
    let mut findings = Vec::new();
    for page in pages.keys().copied().filter(is_page) {
        let count = listed.iter().filter(|listed| *listed == page).count();
        if count != 1 {
            let message = format!("lists {page} {count} times; list each page once");
            findings.push(Finding { path: SUMMARY.to_owned(), line: 1, message });
        }
    }
    findings
}

/// The links of a page, each with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            links.extend(targets(line).into_iter().map(|target| (index + 1, target)));
        }
    }
    links
}

/// The targets of `[text](target "title")`, `![text](target)` and `[label]: target`, except those in `code spans`.
fn targets(line: &str) -> Vec<&str> {
    let is_in_code = |at: usize| line.get(..at).is_some_and(|before| before.matches('`').count() % 2 == 1);
    let inline = line
        .match_indices("](")
        .filter(|(at, _)| !is_in_code(*at))
        .filter_map(|(at, start)| line.get(at + start.len()..)?.split([')', ' ']).next());
    let definition =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    inline.chain(definition).collect()
}

/// The anchors of a page's headings, made as GitHub and mdBook make them.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let title = line.trim_start_matches('#');
        if is_code || title == line || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
        let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let earlier = anchors.iter().filter(|known| **known == anchor).count();
        anchors.push(if earlier == 0 { anchor } else { format!("{anchor}-{earlier}") });
    }
    anchors
}

/// `target`, a link in the file `from`, as a path from the root; none where it leaves the project.
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

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let exists = |file: &str| {
            ["LICENSE", "tests/go"].contains(&file) || files.iter().any(|(path, _)| path == file)
        };
        check(&files, exists).iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }

    #[test]
    fn finds_links_to_nothing() {
        let readme = "see [a](LICENSE)\nand [b](LICENCE \"title\"), ![c](logo.png)";
        assert_eq!(found(&[("README.md", readme)]), ["README.md:2", "README.md:2"]);
        let page = "[up](../LICENSE), [down](go), [gone](../go)";
        assert_eq!(found(&[("tests/README.md", page)]), ["tests/README.md:1"]);
        assert_eq!(found(&[("README.md", "[label]: NOTHING.md")]), ["README.md:1"]);
        assert_eq!(found(&[("README.md", "[outside](../elsewhere)")]), ["README.md:1"]);
    }

    #[test]
    fn lets_good_links_addresses_and_code_be() {
        assert!(
            found(&[("README.md", "# Here\n[a](LICENSE) [b](#here) [c](https://x.test/a) `[d](e)`")])
                .is_empty()
        );
        assert!(found(&[("README.md", "```\n[a](b)\n```\n[c](LICENSE)")]).is_empty());
        assert!(found(&[("src/lib.rs", "//! [a](b)")]).is_empty());
    }

    #[test]
    fn finds_headings_that_do_not_exist() {
        let page = "# The `surge`, and more\n## Twice\n## Twice\n```\n# no heading\n```\n";
        let link = |anchor: &str| found(&[("README.md", &format!("[a](b.md#{anchor})")), ("b.md", page)]);
        for good in ["the-surge-and-more", "twice", "twice-1"] {
            assert_eq!(link(good), [""; 0], "{good}");
        }
        for bad in ["surge", "twice-2", "no-heading"] {
            assert_eq!(link(bad), ["README.md:1"], "{bad}");
        }
    }

    #[test]
    fn finds_pages_that_are_not_in_the_summary() {
        let page = ("docs/a.md", "# A");
        let summary = |text| found(&[page, ("docs/SUMMARY.md", text)]);
        assert_eq!(summary("- [A](a.md)"), [""; 0]);
        assert_eq!(summary("nothing"), ["docs/SUMMARY.md:1"]);
        assert_eq!(summary("- [A](a.md)\n- [A](a.md)"), ["docs/SUMMARY.md:1"]);
    }

    #[test]
    fn finds_links_out_of_the_book() {
        let files = [("docs/a.md", "[license](../LICENSE)"), ("docs/SUMMARY.md", "[A](a.md)")];
        assert_eq!(found(&files), ["docs/a.md:1"]);
    }
}
