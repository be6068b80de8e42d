//! Checks whether edits are safe, and applies them in a safe order.

use super::check::{require_planned_text, require_planned_value};
use super::compose::compose;
use super::document::{Document, find_entry};
use super::edit::Edit;
use super::editable::require_editable;
use super::lines::byte_order_mark;
use super::path::Step;
use super::position::position_at;
use super::splice::{Splices, is_null, plan};
use super::tree::{Kind, Node};
use super::value::is_merge;
use crate::diagnostic::Diagnostic;
use std::cmp::Ordering;
use std::collections::HashSet;

impl Document {
    /// Applies all edits together and returns the new text. Their paths and indices are those of this document.
    ///
    /// Before the text is returned, it is read back: its value must be this document's value with the edits applied to
    /// it, and every line that no edit concerns must be unchanged.
    ///
    /// # Errors
    ///
    /// Refuses, with what to do by hand: paths that do not exist; nodes that an anchor shares with aliases; merge keys,
    /// unknown tags and `?` keys on the path; edits that overlap; and a result that differs from the planned one.
    pub fn edit(&self, edits: &[Edit]) -> Result<String, Diagnostic> {
        self.edited(edits).map(Self::into_text)
    }

    /// Same as [`Document::edit`], but returns the parsed result.
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

/// Applies all edits to the same tree, which is fast. Edits of neighbours (removing every item of a list, appending two
/// items to a list in brackets) can give a wrong result this way, so the caller uses it only if it is the planned one.
fn apply_at_once(document: &Document, edits: &[Edit], line_end: &'static str) -> Option<String> {
    let mut splices = Splices::default();
    for edit in edits {
        splices = splices.and(plan(document.text(), document.root(), edit, line_end).ok()?);
    }
    splices.apply_if_apart(document.text())
}

/// Applies each edit to the result of the one before it, which is parsed again.
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
    plan(text, &compose(text, byte_order_mark(text))?.root, edit, line_end)
}

/// The order in which edits are applied one after the other, so that none changes the path of a later one: in a sequence
/// from its end to its start, deeper nodes first. Keys do not move each other, so they are in alphabetical order.
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
    // At the same index the item itself is edited first. Insertions come before the removal, so that a list whose items
    // are all replaced is never empty.
    let rank = |edit: &Edit| match edit {
        Edit::Set { .. } | Edit::Put { .. } => 0,
        Edit::Insert { .. } => 1,
        Edit::Remove { .. } => 2,
    };
    deeper_first.then(rank(a).cmp(&rank(b)))
}

/// The edits, with the index of each removal increased by the number of insertions at the same index.
fn shift_removals(ordered: &[&Edit]) -> Vec<Edit> {
    let mut shifted: Vec<Edit> = Vec::with_capacity(ordered.len());
    for edit in ordered {
        let inserted = ordered
            .iter()
            .filter(|other| matches!(other, Edit::Insert { .. }) && other.target() == edit.target())
            .count();
        shifted.push(match (edit, edit.base().split_last()) {
            (Edit::Remove { .. }, Some((parent, Step::Index(index)))) => {
                Edit::Remove { path: parent.index(index + inserted) }
            }
            _ => (*edit).clone(),
        });
    }
    shifted
}

/// Refuses an edit whose path does not exist, or leads through or into a node that aliases share.
fn require_safe(document: &Document, edit: &Edit, shared: &HashSet<usize>) -> Result<(), Diagnostic> {
    let refuse = |node: &Node, reason: String| {
        document.refuse_at(node.span().start, reason).help(format!("edit {} by hand", edit.target()))
    };
    let mut node = document.root();
    let mut steps = edit.base().steps().iter();
    loop {
        let anchored = node.anchor().is_some_and(|anchor| shared.contains(&anchor));
        if matches!(node.kind, Kind::Alias(_)) || anchored {
            return Err(refuse(node, "an anchor and its aliases share this part".to_owned()));
        }
        if let Some(tag) = node.tag().filter(|tag| !tag.starts_with("tag:yaml.org,2002:")) {
            return Err(refuse(
                node,
                format!("this part has the tag `{tag}`, which kaudit does not support"),
            ));
        }
        if node.entries().is_some_and(|entries| entries.iter().any(|entry| is_merge(&entry.key))) {
            return Err(refuse(node, "this mapping contains a merge key (`<<`)".to_owned()));
        }
        if node.entries().is_some_and(|entries| entries.iter().any(|entry| entry.explicit)) {
            return Err(refuse(node, "this mapping contains an explicit key (`?`)".to_owned()));
        }
        let Some(step) = steps.next() else { break };
        let below = match step {
            Step::Key(key) => find_entry(node, key).map(|entry| &entry.value),
            Step::Index(index) => node.items().and_then(|items| items.get(*index)).map(|item| &item.node),
        };
        node = below.ok_or_else(|| refuse(node, format!("{} does not exist", edit.base())))?;
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
        Some(node) => Err(refuse(node, "aliases in another part of the document refer to this".to_owned())),
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
            Some(_) => Err(format!("index {index} is out of range for {path}")),
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

/// Refuses edits of which one replaces or removes the target of another one.
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
                return Err(Diagnostic::error(format!("two changes affect {touched}"))
                    .at(position_at(document.text(), 0), document.text())
                    .help("make one change at a time"));
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

/// The error for edits whose result differs from the planned one. Such a result is never written.
fn refuse_unsafe(edits: &[Edit], reason: &str) -> Diagnostic {
    let targets: Vec<_> = edits.iter().map(|edit| edit.target().to_string()).collect();
    let targets = targets.join(", ");
    Diagnostic::error(format!("cannot edit {targets} safely ({reason})"))
        .help(format!("edit by hand: {targets}"))
}
