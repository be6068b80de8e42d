//! The postconditions of every edit: both parsers read the planned value, and no line is changed that the edit does not
//! concern.
//!
//! Nothing here shares code with the splicing. The planned value is computed from values, and the lines that may change
//! from the spans of the original document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::{Document, find_entry};
use super::edit::Edit;
use super::tree::Node;
use super::{Path, Step};

/// Requires that `text` reads as the document's value with the edits applied to it, and returns what was read.
pub(super) fn require_planned_value(
    document: &Document,
    edits: &[Edit],
    text: &str,
) -> Result<Document, String> {
    let result =
        Document::parse(text).map_err(|refusal| format!("the result cannot be read: {}", refusal.message))?;
    let relative: Vec<_> = edits.iter().map(|edit| (edit.base().steps(), edit)).collect();
    if result.value() == &planned_value(document.value(), &relative) {
        return Ok(result);
    }
    Err("the result would not have the planned value".to_owned())
}

/// The value after the edits, whose paths are relative to `value`.
fn planned_value(value: &Value, edits: &[(&[Step], &Edit)]) -> Value {
    let here = |edit: &&(&[Step], &Edit)| edit.0.is_empty();
    if let Some((_, Edit::Set { value, .. })) =
        edits.iter().filter(here).find(|(_, edit)| matches!(edit, Edit::Set { .. }))
    {
        return value.clone();
    }
    let below = |step: &Step| -> Vec<(&[Step], &Edit)> {
        edits
            .iter()
            .filter_map(|(steps, edit)| {
                steps.split_first().filter(|(first, _)| *first == step).map(|(_, rest)| (rest, *edit))
            })
            .collect()
    };
    let removed = |step: &Step| {
        edits
            .iter()
            .any(|(steps, edit)| matches!((steps, edit), ([only], Edit::Remove { .. }) if only == step))
    };
    let inserts = edits.iter().filter(here).any(|(_, edit)| matches!(edit, Edit::Insert { .. }));
    let puts: Vec<_> = edits
        .iter()
        .filter(here)
        .filter_map(|(_, edit)| match edit {
            Edit::Put { key, value, .. } => Some((key.clone(), value.clone())),
            _ => None,
        })
        .collect();
    match value {
        Value::Null if inserts => planned_value(&Value::Array(Vec::new()), edits),
        Value::Null if !puts.is_empty() => Value::Object(puts.into_iter().collect()),
        Value::Array(items) => {
            let mut planned = Vec::new();
            for index in 0..=items.len() {
                planned.extend(edits.iter().filter(here).filter_map(|(_, edit)| match edit {
                    Edit::Insert { index: at, value, .. } if *at == index => Some(value.clone()),
                    _ => None,
                }));
                let step = Step::Index(index);
                if let Some(item) = items.get(index).filter(|_| !removed(&step)) {
                    planned.push(planned_value(item, &below(&step)));
                }
            }
            Value::Array(planned)
        }
        Value::Object(entries) => {
            let kept = entries.iter().map(|(key, value)| (Step::Key(key.clone()), key, value));
            let mut planned: Map<_, _> = kept
                .filter(|(step, ..)| !removed(step))
                .map(|(step, key, value)| (key.clone(), planned_value(value, &below(&step))))
                .collect();
            planned.extend(puts);
            Value::Object(planned)
        }
        scalar => scalar.clone(),
    }
}

/// Requires that all lines that no edit concerns are unchanged and in order, and that new lines have the line ending of
/// the others.
pub(super) fn require_planned_text(document: &Document, edits: &[Edit], text: &str) -> Result<(), String> {
    let original = document.text();
    let mut concerned = BTreeSet::new();
    for edit in edits {
        concern(document, edit, edits, &mut concerned);
    }
    if original.starts_with('\u{feff}') != text.starts_with('\u{feff}') {
        return Err("the byte order mark would change".to_owned());
    }
    // The mark does not belong to the first line, which may be removed.
    let mut found = text.trim_start_matches('\u{feff}').split_inclusive('\n');
    for (number, line) in original.trim_start_matches('\u{feff}').split_inclusive('\n').enumerate() {
        if concerned.contains(&number) {
            continue;
        }
        // If the file does not end with a line ending, another line may be the last one now.
        let is_kept = |candidate: &str| {
            candidate == line
                || ((!line.ends_with('\n') || !candidate.ends_with('\n'))
                    && without_end(candidate) == without_end(line))
        };
        // Blank lines before a last line without line ending are removed with it.
        let left_over = line.trim().is_empty() && !original.ends_with('\n') && found.clone().next().is_none();
        if !left_over && !found.any(is_kept) {
            return Err(format!("line {} would be lost", number + 1));
        }
    }
    let crlf = original.matches("\r\n").count();
    let lf = original.matches('\n').count();
    let crlf_after = text.matches("\r\n").count();
    let lf_after = text.matches('\n').count();
    let mixes = lf > 0 && ((crlf == 0 && crlf_after > 0) || (crlf == lf && crlf_after != lf_after));
    if mixes {
        return Err("line endings would be mixed".to_owned());
    }
    if !original.is_empty() && original.ends_with('\n') != text.ends_with('\n') {
        return Err("the line ending at the end of the file would change".to_owned());
    }
    Ok(())
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Adds the lines, from 0, that `edit`, which is one of `edits`, may change or remove.
fn concern(document: &Document, edit: &Edit, edits: &[Edit], lines: &mut BTreeSet<usize>) {
    let mut add = |from: usize, to: usize| {
        let line = |at| document.position_at(at).line - 1;
        lines.extend(line(from)..=line(to));
    };
    let target = edit.target();
    if let Some(node) = document.node(&target).filter(|_| !matches!(edit, Edit::Insert { .. })) {
        let (from, to) = with_surroundings(document, &target, node);
        add(from, to);
        let Some((path, _)) = target.split_last() else { return };
        let Some(parent) = document.node(&path) else { return };
        let children = children(parent);
        let removed =
            |child: &Path| edits.iter().any(|edit| matches!(edit, Edit::Remove { path } if path == child));
        let paths = child_paths(parent, &path);
        // The item after the first one of `- - a`, or the key after the first one of `- a: 1`, moves up into its line.
        if children.first().is_some_and(|(first, _)| !starts_line(document.text(), *first)) {
            let moved_up = paths.iter().position(|path| !removed(path)).and_then(|moved| children.get(moved));
            if let Some((start, _)) = moved_up {
                add(*start, *start);
            }
        }
        // When the last child is removed, `[]` is written after the parent's key, or the brackets move together.
        if paths.iter().all(removed) {
            let (key, end) = with_indicator(document, &path, parent);
            add(key, if is_flow(document, parent) { end } else { key });
        }
        return;
    }
    // Something new: the lines of neighbours that share a line with it or get a comma.
    let Some(parent) = document.node(edit.base()) else { return };
    let span = parent.span();
    let is_empty = parent.items().is_none_or(<[_]>::is_empty) && parent.entries().is_none_or(<[_]>::is_empty);
    if is_empty {
        let (from, to) = with_surroundings(document, edit.base(), parent);
        add(from, to);
        return;
    }
    let flow = is_flow(document, parent);
    let starts: Vec<_> = children(parent);
    match edit {
        Edit::Insert { index, .. } if flow => {
            let before = index.checked_sub(1).and_then(|before| starts.get(before));
            let from = before.map_or(span.start, |(_, end)| *end);
            let to = starts.get(*index).map_or(span.end, |(start, _)| *start);
            add(from, to);
        }
        _ if flow => add(span.start, span.end),
        // The first item of `- - a`, or the first key of `- a: 1`, shares its line with a dash.
        _ => add(span.start, span.start),
    }
}

fn starts_line(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.trim_end_matches([' ', '\u{feff}']).is_empty() || before.trim_end_matches(' ').ends_with('\n')
}

/// From the key or dash of a node to its end.
fn with_indicator(document: &Document, path: &Path, node: &Node) -> (usize, usize) {
    let span = node.span();
    let start = path.split_last().and_then(|(parent, step)| {
        let parent = document.node(&parent)?;
        match step {
            Step::Key(key) => find_entry(parent, key).map(|entry| entry.key.span().start),
            Step::Index(index) => parent.items()?.get(*index).map(|item| super::tree::offset(item.dash)),
        }
    });
    (start.unwrap_or(span.start), span.end)
}

fn is_flow(document: &Document, node: &Node) -> bool {
    document.text().get(node.content()).is_some_and(|text| text.starts_with(['[', '{']))
}

/// From the key or dash of a node to its end. In a flow collection up to the neighbours, because of the commas.
fn with_surroundings(document: &Document, path: &Path, node: &Node) -> (usize, usize) {
    let (start, end) = with_indicator(document, path, node);
    let parent = path.split_last().and_then(|(parent, _)| document.node(&parent));
    let Some(parent) = parent.filter(|parent| is_flow(document, parent)) else { return (start, end) };
    let around = children(parent);
    let from = around.iter().rev().find(|(_, end)| *end <= start).map_or(start, |(_, end)| *end);
    let to = around.iter().find(|(next, _)| *next >= end && *next > start).map_or(end, |(next, _)| *next);
    (from, to.max(end))
}

/// The paths of the items or entries of a collection.
fn child_paths(node: &Node, path: &Path) -> Vec<Path> {
    let items = (0..node.items().unwrap_or_default().len()).map(|index| path.clone().index(index));
    let keys = node.entries().unwrap_or_default().iter().map(|entry| entry.key.scalar().unwrap_or_default());
    items.chain(keys.map(|key| path.clone().key(key))).collect()
}

/// The start and end of each item or entry of a collection.
fn children(node: &Node) -> Vec<(usize, usize)> {
    let items = node
        .items()
        .unwrap_or_default()
        .iter()
        .map(|item| (super::tree::offset(item.dash), item.node.span().end));
    let entries = node
        .entries()
        .unwrap_or_default()
        .iter()
        .map(|entry| (entry.start(), entry.value.span().end.max(entry.key.span().end)));
    items.chain(entries).collect()
}
