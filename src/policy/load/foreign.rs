//! YAML that is too new for the API server's parser, which is a translation of an old libyaml.

use crate::policy::load::finding::{Finding, FindingKind};
use crate::yaml::{AnomalyKind, Document, Kind, Node, ScalarStyle, Style};

/// The first construct that kaudit's parser accepts and the API server's parser does not.
pub(in crate::policy) fn find(document: &Document) -> Option<Finding> {
    if let Some(at) = find_directive(document) {
        return Some(
            Finding::fatal("the API server reads only YAML 1.1")
                .at(Some(document.position_at(at)))
                .help("remove the line"),
        );
    }
    let at = find_question_mark(document.root(), false)?;
    let message = "YAML parsers disagree on a question mark within brackets";
    Some(
        Finding::new(FindingKind::Undecided, message)
            .at(Some(document.position_at(at)))
            .help("put the value into double quotes"),
    )
}

/// A `%YAML` line with another version than 1.1.
fn find_directive(document: &Document) -> Option<usize> {
    let is_foreign = |at: &usize| {
        let line = document.text().get(*at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let mut parts = line.split_whitespace();
        parts.next() == Some("%YAML") && !parts.next().is_some_and(is_version_1_1)
    };
    let directives = document.anomalies().iter().filter(|anomaly| anomaly.kind == AnomalyKind::Directive);
    directives.map(|anomaly| anomaly.at).find(is_foreign)
}

/// Go reads two numbers, so `1.01` is 1.1 as well.
fn is_version_1_1(version: &str) -> bool {
    let is_one = |number: &str| !number.is_empty() && number.trim_start_matches('0') == "1";
    version.split_once('.').is_some_and(|(major, minor)| is_one(major) && is_one(minor))
}

/// The start of a plain scalar within brackets that an old libyaml ends at a question mark.
fn find_question_mark(node: &Node, in_flow: bool) -> Option<usize> {
    match &node.kind {
        Kind::Scalar(value, ScalarStyle::Plain) => {
            (in_flow && value.contains('?')).then(|| node.content().start)
        }
        Kind::Scalar(..) | Kind::Alias(_) => None,
        Kind::Sequence(items, style) => {
            let in_flow = in_flow || *style != Style::Block;
            items.iter().find_map(|item| find_question_mark(&item.node, in_flow))
        }
        Kind::Mapping(entries, style) => {
            let in_flow = in_flow || *style != Style::Block;
            entries.iter().find_map(|entry| {
                find_question_mark(&entry.key, in_flow).or_else(|| find_question_mark(&entry.value, in_flow))
            })
        }
    }
}
