//! Edits applied: whether they are safe, and in which order they are made.

use super::check::{require_planned_text, require_planned_value};
use super::compose::compose;
use super::document::{Document, find_entry};
use super::edit::Edit;
use super::editable::require_editable;
use super::path::Step;
use super::place::position_at;
use super::splice::{Splices, is_null, plan};
use super::tree::{Kind, Node};
use super::value::is_merge;
use crate::diagnostic::Diagnostic;
use std::cmp::Ordering;
use std::collections::HashSet;

impl Document {
    /// Applies edits and returns the new text. Their paths and indices are those of this document; they are
    /// applied together.
    ///
    /// Before the text is returned, it is read back: its value must be this document's with the edits applied to
    /// it, and every line that no edit is about must be there as it was.
    ///
    /// # Errors
    ///
    /// Refuses, with what to do by hand: paths that are not there; what an anchor shares with other places; merge
    /// keys, unknown tags and `?` keys on the way; edits that overlap; and a result that is not the planned one.
    pub fn edit(&self, edits: &[Edit]) -> Result<String, Diagnostic> {
        self.edited(edits).map(Self::into_text)
    }

    /// As [`Document::edit`], the result read already.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, Diagnostic> {
        apply(self, edits)
    }
}

/// Applies `edits` to `document` and returns the new one.
fn apply(document: &Document, edits: &[Edit]) -> Result<Document, Diagnostic> {
    require_editable(document)?;
    let shared = collect_referenced(document.root());
    for edit in edits {
        require_safe(document, edit, &shared)?;
    }
    require_apart(document, edits)?;
    let line_end = if document.text().contains("\r\n") { "\r\n" } else { "\n" };
    let read_as_planned = |text: &str| {
        let result = require_planned_value(document, edits, text)?;
        require_planned_text(document, edits, text)?;
        Ok(result)
    };
    let at_once = apply_at_once(document, edits, line_end);
    if let Some(result) = at_once.and_then(|text| read_as_planned(&text).ok()) {
        return Ok(result);
    }
    let text = apply_in_turn(document, edits, line_end)?;
    read_as_planned(&text).map_err(|reason: String| refuse_unsafe(edits, &reason))
}

/// All edits on the one tree, which is fast. Edits that meet (a list of which every item goes, two items appended to
/// one in brackets) can come out wrong that way, so what comes out is only taken if it is as planned.
fn apply_at_once(document: &Document, edits: &[Edit], line_end: &'static str) -> Option<String> {
    let mut splices = Splices::default();
    for edit in edits {
        splices = splices.and(plan(document.text(), document.root(), edit, line_end).ok()?);
    }
    splices.apply_if_apart(document.text())
}

/// Each edit on the tree of what the one before it left.
fn apply_in_turn(document: &Document, edits: &[Edit], line_end: &'static str) -> Result<String, Diagnostic> {
    let mut ordered: Vec<&Edit> = edits.iter().rev().collect();
    ordered.sort_by(|a, b| compare(a, b));
    let mut text = document.text().to_owned();
    for edit in shift_removals(&ordered) {
        let splices = plan_on(&text, &edit, line_end)
            .map_err(|refusal| refuse_unsafe(std::slice::from_ref(&edit), &refusal.message))?;
        text = splices.apply(&text);
    }
    Ok(text)
}

fn plan_on(text: &str, edit: &Edit, line_end: &'static str) -> Result<Splices, Diagnostic> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    plan(text, &compose(text, start)?.root, edit, line_end)
}

/// The order in which edits are applied one after the other, so that none moves what a later one is about: in a
/// sequence from its end to its start, what lies deeper first. Keys do not move each other; they go by alphabet.
fn compare(a: &Edit, b: &Edit) -> Ordering {
    let (left, right) = (a.target(), b.target());
    for (left, right) in left.steps().iter().zip(right.steps()) {
        let order = match (left, right) {
            (Step::Index(left), Step::Index(right)) => right.cmp(left),
            _ => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    let deeper_first = right.steps().len().cmp(&left.steps().len());
    // At one index insertions come before the removal, so that a list whose items are all replaced never is empty;
    // and what is done to the item itself before both.
    let rank = |edit: &Edit| match edit {
        Edit::Set { .. } | Edit::Put { .. } => 0,
        Edit::Insert { .. } => 1,
        Edit::Remove { .. } => 2,
    };
    deeper_first.then(rank(a).cmp(&rank(b)))
}

/// The edits with each removal moved down by the insertions that were done at its index just before.
fn shift_removals(ordered: &[&Edit]) -> Vec<Edit> {
    let mut shifted: Vec<Edit> = Vec::with_capacity(ordered.len());
    for edit in ordered {
        let inserted = ordered
            .iter()
            .filter(|other| matches!(other, Edit::Insert { .. }) && other.target() == edit.target())
            .count();
        shifted.push(match (edit, edit.anchorage().split_last()) {
            (Edit::Remove { .. }, Some((parent, Step::Index(index)))) => {
                Edit::Remove { path: parent.index(index + inserted) }
            }
            _ => (*edit).clone(),
        });
    }
    shifted
}

/// Refuses an edit whose path does not exist, or leads through or into what is shared with other places.
fn require_safe(document: &Document, edit: &Edit, shared: &HashSet<usize>) -> Result<(), Diagnostic> {
    let refuse = |node: &Node, reason: String| {
        document.refuse_at(node.span().start, reason).help(format!("edit {} by hand", edit.target()))
    };
    let mut node = document.root();
    let mut steps = edit.anchorage().steps().iter();
    loop {
        let anchored = node.anchor().is_some_and(|anchor| shared.contains(&anchor));
        if matches!(node.kind, Kind::Alias(_)) || anchored {
            return Err(refuse(node, "this part is shared by an anchor and its aliases".to_owned()));
        }
        if let Some(tag) = node.tag().filter(|tag| !tag.starts_with("tag:yaml.org,2002:")) {
            return Err(refuse(
                node,
                format!("this part has the tag `{tag}`, whose meaning kaudit does not know"),
            ));
        }
        if node.entries().is_some_and(|entries| entries.iter().any(|entry| is_merge(&entry.key))) {
            return Err(refuse(node, "this mapping takes keys from another one (`<<`)".to_owned()));
        }
        if node.entries().is_some_and(|entries| entries.iter().any(|entry| entry.explicit)) {
            return Err(refuse(node, "this mapping has keys written with `?`".to_owned()));
        }
        let Some(step) = steps.next() else { break };
        let below = match step {
            Step::Key(key) => find_entry(node, key).map(|entry| &entry.value),
            Step::Index(index) => node.items().and_then(|items| items.get(*index)).map(|item| &item.node),
        };
        node = below.ok_or_else(|| refuse(node, format!("there is no {}", edit.anchorage())))?;
    }
    require_fit(edit, node).map_err(|reason| refuse(node, reason))?;
    let replaced = match edit {
        Edit::Set { .. } | Edit::Remove { .. } => Some(node),
        Edit::Put { key, .. } => find_entry(node, key).map(|entry| &entry.value),
        Edit::Insert { .. } => None,
    };
    let mut lost = None;
    if let Some(replaced) = replaced {
        replaced.walk(&mut |node| {
            if node.anchor().is_some_and(|anchor| shared.contains(&anchor)) {
                lost.get_or_insert(node);
            }
        });
    }
    match lost {
        Some(node) => Err(refuse(node, "aliases elsewhere in the document refer to this".to_owned())),
        None => Ok(()),
    }
}

/// Whether the edit can be made on a node of this kind.
fn require_fit(edit: &Edit, node: &Node) -> Result<(), String> {
    let empty = node.scalar().is_some_and(|_| is_null(node));
    match edit {
        Edit::Insert { path, index, .. } => match node.items() {
            Some(items) if *index <= items.len() => Ok(()),
            None if empty && *index == 0 => Ok(()),
            Some(_) => Err(format!("{path} has no place {index}")),
            None => Err(format!("{path} is not a list")),
        },
        Edit::Put { path, .. } if node.entries().is_none() && !empty => {
            Err(format!("{path} is not a mapping"))
        }
        Edit::Remove { path } if path.steps().is_empty() => {
            Err("the document itself cannot be removed".to_owned())
        }
        _ => Ok(()),
    }
}

/// Refuses edits one of which replaces or removes what another one is about.
fn require_apart(document: &Document, edits: &[Edit]) -> Result<(), Diagnostic> {
    for (index, edit) in edits.iter().enumerate() {
        if matches!(edit, Edit::Insert { .. }) {
            continue;
        }
        let target = edit.target();
        for (_, other) in edits.iter().enumerate().filter(|(other, _)| *other != index) {
            let touched = match other {
                Edit::Insert { path, .. } => path.clone(),
                _ => other.target(),
            };
            if touched.starts_with(&target) {
                return Err(Diagnostic::error(format!("two changes are about {touched}"))
                    .at(position_at(document.text(), 0), document.text())
                    .help("make them one after the other"));
            }
        }
    }
    Ok(())
}

fn collect_referenced(root: &Node) -> HashSet<usize> {
    let mut referenced = HashSet::new();
    root.walk(&mut |node| {
        if let Kind::Alias(anchor) = node.kind {
            referenced.insert(anchor);
        }
    });
    referenced
}

/// A change that came out other than planned. Nothing is ever written then.
fn refuse_unsafe(edits: &[Edit], reason: &str) -> Diagnostic {
    let targets: Vec<_> = edits.iter().map(|edit| edit.target().to_string()).collect();
    let targets = targets.join(", ");
    Diagnostic::error(format!("kaudit could not edit this safely: {targets} ({reason})"))
        .help(format!("change by hand: {targets}"))
}
