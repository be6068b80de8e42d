//! YAML that is newer than the API server's reader, which is a translation of an old libyaml.

use crate::policy::finding::{Finding, Verdict};
use crate::yaml::{Document, FindingKind, Kind, Node, ScalarStyle, Style};

/// What the API server's reader cannot read in a document that kaudit's reader took.
pub(super) fn find(document: &Document) -> Option<Finding> {
    if let Some(at) = find_directive(document) {
        return Some(
            Finding::of_file(
                Verdict::WouldNotStart,
                "failed decoding: yaml: found incompatible YAML document",
            )
            .at(document.position_at(at))
            .help("remove the line: the API server reads YAML 1.1"),
        );
    }
    find_in(document.root(), document.text(), false).map(|finding| finding.located(document))
}

/// A `%YAML` line with another version than 1.1.
fn find_directive(document: &Document) -> Option<usize> {
    let is_foreign = |at: &usize| {
        let line = document.text().get(*at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let mut words = line.split_whitespace();
        words.next() == Some("%YAML") && words.next() != Some("1.1")
    };
    let directives = document.findings().iter().filter(|finding| finding.kind == FindingKind::Directive);
    directives.map(|finding| finding.at).find(is_foreign)
}

/// A foreign scalar, and the byte of the text where it starts.
enum Foreign {
    /// `\/` in double quotes came with YAML 1.2.
    Escape(usize),
    /// In brackets a question mark ended a word.
    QuestionMark(usize),
}

impl Foreign {
    fn located(self, document: &Document) -> Finding {
        match self {
            Self::Escape(at) => Finding::of_file(
                Verdict::WouldNotStart,
                "failed decoding: yaml: found unknown escape character",
            )
            .at(document.position_at(at))
            .help("write / instead of \\/"),
            Self::QuestionMark(at) => Finding::of_file(
                Verdict::Undecided,
                "readers of YAML disagree on a question mark within brackets",
            )
            .at(document.position_at(at))
            .help("put the text into double quotes"),
        }
    }
}

fn find_in(node: &Node, text: &str, in_flow: bool) -> Option<Foreign> {
    match &node.kind {
        Kind::Scalar(_, ScalarStyle::DoubleQuoted) => {
            has_slash_escape(text.get(node.content())?).then(|| Foreign::Escape(node.content().start))
        }
        Kind::Scalar(value, ScalarStyle::Plain) => {
            (in_flow && value.contains('?')).then(|| Foreign::QuestionMark(node.content().start))
        }
        Kind::Scalar(..) | Kind::Alias(_) => None,
        Kind::Sequence(items, style) => {
            items.iter().find_map(|item| find_in(&item.node, text, in_flow || *style != Style::Block))
        }
        Kind::Mapping(entries, style) => {
            let in_flow = in_flow || *style != Style::Block;
            entries.iter().find_map(|entry| {
                find_in(&entry.key, text, in_flow).or_else(|| find_in(&entry.value, text, in_flow))
            })
        }
    }
}

/// Whether a backslash that is not itself escaped stands before a slash.
fn has_slash_escape(quoted: &str) -> bool {
    let mut escaped = false;
    for c in quoted.chars() {
        if escaped && c == '/' {
            return true;
        }
        escaped = !escaped && c == '\\';
    }
    false
}
