//! Phrases to avoid, each with what to write instead: plain technical English, as kubectl and kubeadm write it.
//!
//! The rule reads comments and string literals of Rust source, and everything in the other files that the project
//! writes. Text between backquotes is a name or a quotation, so it is skipped; so is the name of a file, such as `a.rs`.

mod table;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::LazyLock;

use super::rust_code::{is_word, prose_only};
use super::{Finding, is_rust};
use table::PHRASES;

/// The places where a phrase to avoid fails `cargo xtask tidy`: beginnings of paths. `""` is everywhere.
pub(super) const ENFORCED: &[&str] = &[""];

/// The files here have to spell the phrases.
const OWN_PATH: &str = "xtask/src/tidy/phrases/";

/// What the project writes. Other files hold input and output of tests.
const WRITTEN: [&str; 5] = ["rs", "md", "toml", "go", "sh"];

/// The table, taken apart once.
static COMPILED: LazyLock<Compiled> = LazyLock::new(Compiled::new);

/// The table by the word with which a phrase begins, so that few are tried at each word.
struct Compiled {
    by_first_word: HashMap<&'static str, Vec<Pattern>>,
    /// Those that begin with any word but some.
    others: Vec<Pattern>,
}

/// A phrase taken apart.
#[derive(Clone)]
struct Pattern {
    /// Its row in the table: where several fit, the first one counts.
    row: usize,
    elements: Vec<Element>,
    instead: &'static str,
}

#[derive(Clone)]
enum Element {
    OneOf(Vec<&'static str>),
    NoneOf(Vec<&'static str>),
}

impl Compiled {
    fn new() -> Self {
        let mut compiled = Self { by_first_word: HashMap::new(), others: Vec::new() };
        for (row, phrase) in PHRASES.iter().enumerate() {
            let elements = phrase.pattern.split(' ').map(Element::new).collect();
            let pattern = Pattern { row, elements, instead: phrase.instead };
            match pattern.elements.first() {
                Some(Element::OneOf(words)) => {
                    for word in words {
                        compiled.by_first_word.entry(word).or_default().push(pattern.clone());
                    }
                }
                _ => compiled.others.push(pattern),
            }
        }
        compiled
    }

    /// The first phrase of the table with which `tokens` begin.
    fn find(&self, tokens: &[Token<'_>]) -> Option<&Pattern> {
        let first = tokens.first()?.text.to_ascii_lowercase();
        let by_word = self.by_first_word.get(first.as_str()).into_iter().flatten();
        let fits = |pattern: &&Pattern| {
            tokens.len() >= pattern.elements.len()
                && pattern.elements.iter().zip(tokens).all(|(element, token)| element.matches(token))
        };
        by_word.chain(&self.others).filter(fits).min_by_key(|pattern| pattern.row)
    }
}

impl Element {
    fn new(text: &'static str) -> Self {
        match text.strip_prefix('!') {
            Some(words) => Self::NoneOf(words.split('|').collect()),
            None => Self::OneOf(text.split('|').collect()),
        }
    }

    fn matches(&self, token: &Token<'_>) -> bool {
        let is = |word: &&str| token.text.eq_ignore_ascii_case(word);
        match self {
            Self::OneOf(words) => words.iter().any(is),
            Self::NoneOf(words) => !words.iter().any(is),
        }
    }
}

/// Finds phrases to avoid.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let name = Path::new(path);
    let is_written = name.extension().is_some_and(|end| WRITTEN.iter().any(|written| end == *written));
    if path.starts_with(OWN_PATH) || !(is_written || path.starts_with("templates/") || path == ".ci/run") {
        return Vec::new();
    }
    let prose = if is_rust(path) { prose_only(text) } else { text.to_owned() };
    let tokens = tokenize(&prose);
    let mut findings = Vec::new();
    for start in 0..tokens.len() {
        let here = tokens.get(start..).unwrap_or_default();
        if let Some(phrase) = COMPILED.find(here) {
            let matched = here.get(..phrase.elements.len()).unwrap_or_default();
            let words: Vec<&str> = matched.iter().map(|token| token.text).collect();
            let line = matched.first().map_or(1, |token| token.line);
            let message = format!("\"{}\": write {}", words.join(" "), phrase.instead);
            findings.push(Finding { path: path.to_owned(), line, message });
        }
    }
    findings
}

/// Whether a finding in `path` fails the check.
pub(super) fn is_enforced(path: &str) -> bool {
    ENFORCED.iter().any(|place| path.starts_with(place))
}

/// How many of `findings` are in which part of the project, the part with most first.
pub(super) fn by_part(findings: &[Finding]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let mut parts = finding.path.split('/');
        let part: Vec<&str> = match parts.next() {
            Some(first @ ("src" | "tests" | "xtask" | "docs")) => {
                [Some(first), parts.next()].into_iter().flatten().collect()
            }
            first => first.into_iter().collect(),
        };
        *counts.entry(part.join("/")).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// The words of `prose`; one `.` for any run of punctuation marks, and a backquote for what is between backquotes.
///
/// Marks that only decorate words (quotes, emphasis, `#` of a comment, the leader of a list) are skipped: a phrase may
/// go on behind them, also on the next line.
fn tokenize(prose: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut in_fence = false;
    for (index, whole) in prose.lines().enumerate() {
        let line = index + 1;
        let mut rest = whole.trim_start();
        if rest.starts_with("```") {
            in_fence = !in_fence;
            tokens.push(Token { text: ".", line });
            continue;
        }
        while let Some(first) = rest.chars().next() {
            let mut length = first.len_utf8();
            if is_word(first) {
                length = rest.find(|c| !is_word(c) && c != '\'').unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(length).unwrap_or_default();
                let text = if is_extension(after) { "`" } else { word.trim_end_matches('\'') };
                tokens.push(Token { text, line });
            } else if first == '`' && !in_fence {
                length = rest.get(1..).and_then(|after| after.find('`')).map_or(length, |end| end + 2);
                tokens.push(Token { text: "`", line });
            } else if !first.is_whitespace() && !"\"'*_#…“”‘’/".contains(first) {
                tokens.push(Token { text: ".", line });
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    tokens
}

/// Whether `after`, which follows a word, makes the word the name of a file.
fn is_extension(after: &str) -> bool {
    after.strip_prefix('.').is_some_and(|end| end.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let quoted = |finding: Finding| {
            let phrase = finding.message.split('"').nth(1).unwrap().to_owned();
            format!("{} {phrase}", finding.line)
        };
        check(path, text).into_iter().map(quoted).collect()
    }

    #[test]
    fn finds_phrases_in_comments_and_strings() {
        assert_eq!(found("src/a.rs", "//! It needs hands.\nlet judge = 1;"), ["1 needs hands"]);
        assert_eq!(
            found("src/a.rs", "f(\"a\\nVerdict\", x) // the last words"),
            ["1 Verdict", "1 last words"]
        );
        assert_eq!(found("README.md", "one\n**He** runs"), ["2 He"]);
        assert_eq!(found("templates/policies/x.yaml", "# a twin\n"), ["1 twin"]);
        assert_eq!(found("tests/go/a/main.go", "// strangers\n"), ["1 strangers"]);
    }

    #[test]
    fn finds_phrases_over_the_end_of_a_line() {
        assert_eq!(
            found("src/a.rs", "/// events of its\n/// own making\nfn f() {}"),
            ["1 of its own making"]
        );
        assert_eq!(found("src/a.rs", "f(\"which \\\n   is none\")"), ["1 which is none"]);
        assert_eq!(found("src/a.rs", "f(\"which is\", \"none\")"), [""; 0]);
        assert_eq!(found("README.md", "needs it. Hands"), [""; 0]);
    }

    #[test]
    fn says_what_to_write() {
        let [finding] = check("README.md", "A verdict").try_into().unwrap();
        assert_eq!(finding.message, "\"verdict\": write \"result\" or \"decision\"");
    }

    #[test]
    fn tells_is_no_from_there_is_no() {
        assert_eq!(found("README.md", "This is no policy"), ["1 This is no policy"]);
        assert_eq!(
            found("README.md", "there is no policy; it is no longer so, is no\n\n`x` is no `y`"),
            [""; 0]
        );
        assert_eq!(found("src/a.rs", "f(\"{name} is no mapping\")"), ["1 . is no mapping"]);
        assert_eq!(found("src/a.rs", "f(\"{words}\", \"its words\")"), ["1 its words"]);
    }

    #[test]
    fn lets_names_longer_words_and_test_input_be() {
        assert_eq!(found("README.md", "`judge` and headroom, outdoors, this, household"), [""; 0]);
        assert_eq!(found("src/a.rs", "use crate::judge::verdict; // see `policy::judge`"), [""; 0]);
        assert_eq!(found("src/a.rs", "f(\"VERDICTS.tsv\"); // see verdict.rs. A verdict."), ["1 verdict"]);
        assert_eq!(found("src/a.rs", "f(\"receive-from-anybody\") // for anybody"), ["1 for anybody"]);
        assert_eq!(found("tests/manifests/a.yaml", "# his"), [""; 0]);
        assert_eq!(found("xtask/src/tidy/phrases/table.rs", "// his"), [""; 0]);
    }

    #[test]
    fn counts_by_part() {
        let at = |path: &str| Finding { path: path.to_owned(), line: 1, message: String::new() };
        let parts = by_part(&[at("README.md"), at("src/yaml/a.rs"), at("src/yaml/b.rs"), at("src/go.rs")]);
        let parts: Vec<String> = parts.into_iter().map(|(part, count)| format!("{part} {count}")).collect();
        assert_eq!(parts, ["src/yaml 2", "README.md 1", "src/go.rs 1"]);
    }
}
