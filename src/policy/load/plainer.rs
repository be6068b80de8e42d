//! Simplifies documents that Go parses and kaudit's parsers do not, without changing positions.

use std::ops::Range;

use crate::yaml::{AnomalyKind, Document, Nesting};

/// Values that are nested more deeply are under keys that the API server drops. Documents near Go's own limits are
/// excluded: there are two limits, and this code does not determine which is reached first.
const MAX_DEPTH: usize = 9_990;

/// The replacement for a pair of brackets with its content. It has brackets too, so that the surrounding text stays as
/// valid or invalid as it was.
const EMPTY: &str = "[]";

/// YAML with spaces instead of the tabs between a key and its value, and an empty list for each deeply nested region,
/// if that is valid YAML. `None` if there are no tabs and no such regions, or if the content of a region matters.
pub(in crate::policy) fn yaml(text: &str, nesting: &Nesting) -> Option<String> {
    let Nesting { regions, tabs, deepest, is_intricate, .. } = nesting;
    if (tabs.is_empty() && regions.is_empty()) || *deepest > MAX_DEPTH {
        return None;
    }
    if !regions.is_empty() && (*is_intricate || !are_plain(text, regions)) {
        return None;
    }
    let mut tabs = tabs.iter().peekable();
    let blank = |(at, c)| if tabs.next_if_eq(&&at).is_some() { ' ' } else { c };
    Some(shallow(&text.char_indices().map(blank).collect::<String>(), regions))
}

/// The text with an empty list in place of each outermost region.
pub(in crate::policy) fn shallow(text: &str, regions: &[Range<usize>]) -> String {
    let mut outermost: Vec<&Range<usize>> = Vec::new();
    for region in regions.iter().rev() {
        if outermost.last().is_none_or(|after| region.end <= after.start) {
            outermost.push(region);
        }
    }
    let mut plain = String::new();
    let mut done = 0;
    for region in outermost.into_iter().rev() {
        let (before, within) = (text.get(done..region.start), text.get(region.clone()));
        plain.push_str(before.unwrap_or_default());
        plain.push_str(EMPTY);
        let blank = |c| if c == '\n' { '\n' } else { ' ' };
        plain.extend(within.unwrap_or_default().chars().skip(EMPTY.len()).map(blank));
        done = region.end;
    }
    plain.push_str(text.get(done..).unwrap_or_default());
    plain
}

/// Whether each region is a document of YAML, with an empty list in the place of those in it, and has nothing remarkable.
fn are_plain(text: &str, regions: &[Range<usize>]) -> bool {
    let mut open: Vec<&Range<usize>> = Vec::new();
    for region in regions {
        let first = open.partition_point(|inner| inner.start < region.start);
        let mut chunk = String::new();
        let mut done = region.start;
        for inner in open.drain(first..) {
            chunk.push_str(text.get(done..inner.start).unwrap_or_default());
            chunk.push_str(EMPTY);
            done = inner.end;
        }
        chunk.push_str(text.get(done..region.end).unwrap_or_default());
        let is_remarkable = |document: &Document| {
            let mut kinds = document.anomalies().iter().map(|anomaly| &anomaly.kind);
            kinds.any(|kind| !matches!(kind, AnomalyKind::NonStringKey { .. }))
        };
        // In a document that opens with a brace, an escaped slash passes for JSON.
        let is_plain =
            !chunk.contains("\\/") && Document::read(&chunk).is_ok_and(|document| !is_remarkable(&document));
        if !is_plain {
            return false;
        }
        open.push(region);
    }
    true
}
