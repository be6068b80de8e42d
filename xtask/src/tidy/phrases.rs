//! Phrases to avoid, each with what to write instead: plain technical English, as kubectl and kubeadm write it.
//!
//! The rule reads comments and string literals of Rust source, and everything in the other files that the project
//! writes. What stands between backquotes is a name or a quotation, so it is skipped.

use std::collections::BTreeMap;
use std::path::Path;

use super::rust_code::{is_word, prose_only};
use super::{Finding, is_rust};

/// The places where a phrase to avoid fails `cargo xtask tidy`: beginnings of paths. `""` is everywhere.
pub(super) const ENFORCED: &[&str] = &[];

/// A phrase, and what to write instead.
struct Phrase {
    /// Words in lower case, with blanks between them. `a|b` is either word, `!a|b` is anything but these words.
    ///
    /// Where a phrase ends or begins in the middle of a line, the neighbour is `.` for a punctuation mark or for code,
    /// and a backquote for what stands between backquotes.
    pattern: &'static str,
    instead: &'static str,
}

const PHRASES: &[Phrase] = &[
    Phrase { pattern: "need|needs|needed|needing hands", instead: "\"manual intervention required\"" },
    Phrase {
        pattern: "judge|judges|judged|judging|judgement|judgements|judgment",
        instead: "\"check\", \"validate\" or \"evaluate\"",
    },
    Phrase { pattern: "verdict|verdicts", instead: "\"result\" or \"decision\"" },
    Phrase { pattern: "believe|believes|believed|believing", instead: "\"trust\" or \"verify\"" },
    Phrase {
        pattern: "!.|`|plain words",
        instead: "\"arguments\" for a command line, \"message\" for what a program prints",
    },
    Phrase { pattern: "somebody else's", instead: "\"another user's\", \"foreign\" or \"third-party\"" },
    Phrase {
        pattern: "somebody|somebody's|everybody|everybody's|anybody|anybody's",
        instead: "the person or process that is meant, \"someone\", \"everyone\" or \"anyone\"",
    },
    Phrase { pattern: "does|do not know better", instead: "\"a sensible starting point\"" },
    Phrase {
        pattern: "of his|her|its|their|one's own making",
        instead: "\"forged\", \"made by\" or who made it",
    },
    Phrase {
        pattern: "he|him|his|himself|she|her|hers|herself",
        instead: "the person by role (\"the operator\"), \"they\", or \"it\" for a program",
    },
    Phrase { pattern: "whom|whomever|whoever", instead: "\"anyone who\", or name the person or program" },
    Phrase {
        pattern: "know|knows|known a body|bodies|request|event again",
        instead: "\"remembered for deduplication\"",
    },
    Phrase { pattern: "go|goes|going on although", instead: "\"ignore failures of\"" },
    Phrase {
        pattern: "finish|finishes|finished|finishing or undo|undoes|undone|undoing",
        instead: "\"complete or roll back\"",
    },
    Phrase { pattern: "which|that is|are|was|were none", instead: "\"invalid\" or \"missing\"" },
    Phrase { pattern: "is none of", instead: "\"is not one of\"" },
    Phrase {
        pattern: "is|are|was|were no name|names of|for",
        instead: "\"invalid name\" or \"is not the name of\"",
    },
    Phrase {
        pattern: "!there|here is|are|was|were no !longer|more|less|way|one|.|`|name|names|matter|such",
        instead: "\"is not a\", or \"invalid\"",
    },
    Phrase { pattern: "at work on", instead: "\"in progress\"" },
    Phrase {
        pattern: "prove|proves|proved|proven|proving itself|themselves",
        instead: "\"becomes healthy\" or \"is verified\"",
    },
    Phrase { pattern: "could|can|cannot be proven", instead: "\"could not verify that\"" },
    Phrase { pattern: "could|can not be proven", instead: "\"could not verify that\"" },
    Phrase { pattern: "take|takes|took linux", instead: "\"requires Linux … or later\"" },
    Phrase { pattern: "or newer", instead: "\"or later\"" },
    Phrase { pattern: "nothing of", instead: "\"no part of\", \"none of\" or \"nothing about\"" },
    Phrase { pattern: "reader|readers of yaml", instead: "\"YAML parser\"" },
    Phrase { pattern: "two|both readers", instead: "\"both parsers\"" },
    Phrase { pattern: "form|forms of kaudit", instead: "\"works only with\"" },
    Phrase { pattern: "that|this|the|of very name|names|same", instead: "\"exactly this name\"" },
    Phrase { pattern: "doubled|doubles", instead: "\"duplicated\" or \"duplicate\"" },
    Phrase { pattern: "nobody has|needs to", instead: "what the program does by itself" },
    Phrase { pattern: "as it is worth", instead: "what is compared with what" },
    Phrase {
        pattern: "stranger|strangers",
        instead: "\"unauthenticated client\", \"untrusted input\" or \"unknown\"",
    },
    Phrase { pattern: "twin|twins", instead: "\"duplicate static pod manifest\", or \"pair\"" },
    Phrase { pattern: "door|doors", instead: "\"interface\" or \"module\"" },
    Phrase { pattern: "room|rooms", instead: "\"module\", \"space\" or \"memory budget\"" },
    Phrase { pattern: "house|houses", instead: "\"project\"" },
    Phrase { pattern: "desk|desks", instead: "\"server state\"" },
    Phrase { pattern: "is|are|was|were|be away", instead: "\"unavailable\"" },
    Phrase { pattern: "hand|hands|handed|handing !.|`|! over", instead: "\"pass\" or \"transfer\"" },
    Phrase { pattern: "hand|hands|handed|handing over", instead: "\"pass\" or \"transfer\"" },
    Phrase { pattern: "what is|was asked", instead: "\"the request\" or \"the requested settings\"" },
    Phrase { pattern: "riddle|riddles", instead: "what is unclear" },
    Phrase { pattern: "mend|mends|mended|mending", instead: "\"fix\" or \"repair\"" },
];

/// This file has to spell the phrases.
const OWN_PATH: &str = "xtask/src/tidy/phrases.rs";

/// What the project writes. Other files hold input and output of tests.
const WRITTEN: [&str; 5] = ["rs", "md", "toml", "go", "sh"];

/// A pattern taken apart.
struct Compiled {
    elements: Vec<Element>,
    instead: &'static str,
}

enum Element {
    OneOf(Vec<&'static str>),
    NoneOf(Vec<&'static str>),
}

impl Element {
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
    if path == OWN_PATH || !(is_written || path.starts_with("templates/") || path == ".ci/run") {
        return Vec::new();
    }
    let prose = if is_rust(path) { prose_only(text) } else { text.to_owned() };
    let tokens = tokenize(&prose);
    let compiled: Vec<Compiled> = PHRASES.iter().map(compile).collect();
    let mut findings = Vec::new();
    for start in 0..tokens.len() {
        let here = tokens.get(start..).unwrap_or_default();
        let fits = |phrase: &&Compiled| {
            here.len() >= phrase.elements.len()
                && phrase.elements.iter().zip(here).all(|(element, token)| element.matches(token))
        };
        // One finding for each place: the first phrase of the table that fits.
        if let Some(phrase) = compiled.iter().find(fits) {
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

fn compile(phrase: &Phrase) -> Compiled {
    let element = |word: &'static str| match word.strip_prefix('!') {
        Some(words) => Element::NoneOf(words.split('|').collect()),
        None => Element::OneOf(word.split('|').collect()),
    };
    Compiled { elements: phrase.pattern.split(' ').map(element).collect(), instead: phrase.instead }
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
                let word = rest.get(..length).unwrap_or_default().trim_end_matches('\'');
                tokens.push(Token { text: word, line });
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
        assert_eq!(found("tests/manifests/a.yaml", "# his"), [""; 0]);
        assert_eq!(found(OWN_PATH, "// his"), [""; 0]);
    }

    #[test]
    fn counts_by_part() {
        let at = |path: &str| Finding { path: path.to_owned(), line: 1, message: String::new() };
        let parts = by_part(&[at("README.md"), at("src/yaml/a.rs"), at("src/yaml/b.rs"), at("src/go.rs")]);
        let parts: Vec<String> = parts.into_iter().map(|(part, count)| format!("{part} {count}")).collect();
        assert_eq!(parts, ["src/yaml 2", "README.md 1", "src/go.rs 1"]);
    }
}
