//! Checks the result of edits independently of the editor's own checks.

use kaudit::yaml::{Document, Edit, Path, Step};
use serde_json::Value;

/// What is wrong with `after` as the result of `edits` on `document`; `None` if it is correct.
pub(crate) fn fault(document: &Document, edits: &[Edit], after: &str) -> Option<String> {
    let read = match Document::parse(after) {
        Ok(read) => read,
        Err(refusal) => return Some(format!("unreadable: {refusal:?}")),
    };
    let mut expected = document.value().clone();
    for edit in last_first(edits) {
        if let Err(missing) = change(&mut expected, edit) {
            return Some(missing);
        }
    }
    if *read.value() != expected {
        return Some(format!("value is\n{}\nnot\n{expected}", read.value()));
    }
    misplaced_line(document, edits, after)
}

/// The edits, ordered so that none changes the index of a later one: larger indices first.
fn last_first(edits: &[Edit]) -> Vec<&Edit> {
    let mut ordered: Vec<_> = edits.iter().collect();
    ordered.sort_by_cached_key(|edit| {
        let (path, index) = match edit {
            Edit::Insert { path, index, .. } => (path, Some(*index)),
            Edit::Set { path, .. } | Edit::Put { path, .. } | Edit::Remove { path } => (path, None),
        };
        let rank = |step: &Step| match step {
            Step::Index(index) => *index,
            Step::Key(_) => 0,
        };
        let ranks: Vec<_> = path.steps().iter().map(rank).chain(index).collect();
        std::cmp::Reverse(ranks)
    });
    ordered
}

fn at<'v>(value: &'v mut Value, path: &Path) -> Result<&'v mut Value, String> {
    path.steps().iter().try_fold(value, |value, step| {
        match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(*index),
        }
        .ok_or_else(|| format!("nothing at {path}"))
    })
}

fn change(root: &mut Value, edit: &Edit) -> Result<(), String> {
    match edit {
        Edit::Set { path, value } => *at(root, path)? = value.clone(),
        Edit::Insert { path, index, value } => {
            let list = at(root, path)?;
            if list.is_null() {
                *list = Value::Array(Vec::new());
            }
            list.as_array_mut().ok_or("no list")?.insert(*index, value.clone());
        }
        Edit::Put { path, key, value } => {
            let mapping = at(root, path)?;
            if mapping.is_null() {
                *mapping = Value::Object(serde_json::Map::new());
            }
            mapping.as_object_mut().ok_or("no mapping")?.insert(key.clone(), value.clone());
        }
        Edit::Remove { path } => {
            let (parent, last) = path.split_last().ok_or("the root")?;
            match (at(root, &parent)?, last) {
                (Value::Array(items), Step::Index(index)) => drop(items.remove(*index)),
                (Value::Object(entries), Step::Key(key)) => drop(entries.remove(key)),
                _ => return Err("no collection".to_owned()),
            }
        }
    }
    Ok(())
}

/// Comments are numbered, so each must occur once and in order; its line must be unchanged unless an edit concerns that
/// line.
fn misplaced_line(document: &Document, edits: &[Edit], after: &str) -> Option<String> {
    let before = document.text();
    let concerned: Vec<_> = edits.iter().map(|edit| concerned(document, edit)).collect();
    let mut lines = after.lines();
    for (number, line) in before.lines().enumerate() {
        let Some((_, comment)) = line.split_once("#c") else { continue };
        // A damaged text may contain a comment twice.
        if before.matches(comment).count() > 1 {
            continue;
        }
        let touched = concerned.iter().any(|span| span.contains(&(number + 1)));
        let found =
            lines.find(|candidate| candidate.split_once("#c").is_some_and(|(_, found)| found == comment));
        match found {
            None if !touched
                || line.trim_start().starts_with('#') && !inside(document, edits, number + 1) =>
            {
                return Some(format!("comment of line {} is lost or moved: {line}", number + 1));
            }
            None => lines = after.lines(),
            Some(found) if found != line && !touched => {
                return Some(format!("line {} changed to: {found}", number + 1));
            }
            Some(_) => {}
        }
    }
    let comments = |text: &str| text.matches("#c").count();
    if comments(after) > comments(before) {
        return Some("a comment is duplicated".to_owned());
    }
    // Uniform line endings stay uniform.
    let endings = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let ((crlf, all), (crlf_after, all_after)) = (endings(before), endings(after));
    if (crlf == 0 && crlf_after > 0) || (crlf == all && all > 0 && crlf_after < all_after) {
        return Some("line endings are mixed".to_owned());
    }
    (before.ends_with('\n') != after.ends_with('\n')).then(|| "the final line ending changed".to_owned())
}

/// The lines, from 1, that an edit may change: those of the node, its key and its nearest neighbours.
fn concerned(document: &Document, edit: &Edit) -> std::ops::RangeInclusive<usize> {
    let (path, within) = match edit {
        Edit::Set { path, .. } | Edit::Remove { path } => {
            (path.split_last().map_or(Path::root(), |(up, _)| up), path.clone())
        }
        Edit::Insert { path, .. } => (path.clone(), path.clone()),
        Edit::Put { path, key, .. } => (path.clone(), path.clone().key(key.clone())),
    };
    let node = document.node(&within).or_else(|| document.node(&path)).unwrap_or(document.root());
    let from = document.key_position(&path).map_or(1, |position| position.line);
    // An edit of a block changes nothing after it; in flow collections the commas of neighbours move.
    from..=document.position_at(node.span().end).line + 1
}

/// Whether a line is inside something that is removed or replaced, with its comments.
fn inside(document: &Document, edits: &[Edit], line: usize) -> bool {
    edits.iter().any(|edit| {
        let target = match edit {
            Edit::Insert { path, .. } | Edit::Set { path, .. } | Edit::Remove { path } => path.clone(),
            Edit::Put { path, key, .. } => path.clone().key(key.clone()),
        };
        let Some(node) = document.node(&target) else { return false };
        // A collection that only grows does not lose comments, unless it was empty.
        let grows =
            matches!(edit, Edit::Insert { .. }) && node.items().is_some_and(|items| !items.is_empty());
        let from = document.key_position(&target).map_or(1, |position| position.line);
        !grows && (from..=document.position_at(node.span().end).line).contains(&line)
    })
}
