//! Computes the bytes that an edit changes.

mod add;
mod remove;
mod set;

use std::ops::Range;

use serde_json::Value;

use super::Step;
use super::edit::Edit;
use super::formatting::detect;
use super::lines::{line_end, line_ending, on_same_line};
use super::render::{Formatting, Line, join_lines};
use super::scan::Scan;
use super::tree::{Entry, Item, Kind, Node, ScalarStyle, Style, offset};
use crate::diagnostic::Diagnostic;

/// Replacements of byte ranges that do not overlap.
#[derive(Debug, Default)]
pub(super) struct Splices(Vec<(Range<usize>, String)>);

impl Splices {
    fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// These and `others`; at the same position, these come first.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The text with the replacements made; `None` if two of them overlap.
    pub(super) fn apply_if_apart(mut self, text: &str) -> Option<String> {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let apart = self.0.iter().zip(self.0.iter().skip(1)).all(|((a, _), (b, _))| a.end <= b.start);
        apart.then(|| self.apply(text))
    }

    /// The text with the replacements made.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut result =
            String::with_capacity(text.len() + self.0.iter().map(|(_, new)| new.len()).sum::<usize>());
        let mut at = 0;
        for (range, new) in &self.0 {
            result.push_str(text.get(at..range.start).unwrap_or_default());
            result.push_str(new);
            at = range.end;
        }
        result.push_str(text.get(at..).unwrap_or_default());
        result
    }
}

/// A node and what contains it.
#[derive(Clone, Copy)]
struct Slot<'n> {
    node: &'n Node,
    holder: Holder<'n>,
    /// Whether it is inside a flow collection.
    in_flow: bool,
}

#[derive(Clone, Copy)]
enum Holder<'n> {
    Root,
    Item(&'n Node, usize, &'n Item),
    Entry(&'n Node, usize, &'n Entry),
}

/// Plans one edit on the tree of `text`. Where `text` has no line ending to copy, `line_end` is written.
///
/// # Errors
///
/// Refuses paths that do not exist and syntax that is not supported.
pub(super) fn plan(
    text: &str,
    root: &Node,
    edit: &Edit,
    line_end: &'static str,
) -> Result<Splices, Diagnostic> {
    let slot = find(root, edit.base().steps())?;
    let mut planner = Planner { text, root, line_end, splices: Splices::default() };
    match edit {
        Edit::Set { value, .. } => planner.set(slot, value),
        Edit::Insert { index, value, .. } => planner.insert(slot, *index, value),
        Edit::Put { key, value, .. } => planner.put(slot, key, value)?,
        Edit::Remove { .. } => planner.remove(root, edit.base().steps(), slot)?,
    }
    Ok(planner.splices)
}

fn find<'n>(root: &'n Node, steps: &[Step]) -> Result<Slot<'n>, Diagnostic> {
    let mut slot = Slot { node: root, holder: Holder::Root, in_flow: false };
    for step in steps {
        let holder = match step {
            Step::Index(index) => {
                let item = slot.node.items().and_then(|items| items.get(*index));
                item.map(|item| (Holder::Item(slot.node, *index, item), &item.node))
            }
            Step::Key(key) => {
                let entries = slot.node.entries().unwrap_or_default();
                let found =
                    entries.iter().enumerate().rev().find(|(_, entry)| entry.key.scalar() == Some(key));
                found.map(|(index, entry)| (Holder::Entry(slot.node, index, entry), &entry.value))
            }
        };
        let (holder, node) = holder.ok_or_else(|| Diagnostic::error("the path does not exist"))?;
        slot = Slot { node, holder, in_flow: slot.in_flow || style(slot.node) != Some(Style::Block) };
    }
    Ok(slot)
}

fn style(node: &Node) -> Option<Style> {
    match &node.kind {
        Kind::Sequence(_, style) | Kind::Mapping(_, style) => Some(*style),
        Kind::Scalar(..) | Kind::Alias(_) => None,
    }
}

/// Whether every parser reads a scalar as null: nothing, `~` or `null`.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(text, ScalarStyle::Plain) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
}

fn is_block(node: &Node) -> bool {
    style(node) == Some(Style::Block)
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => false,
    }
}

struct Planner<'t> {
    text: &'t str,
    root: &'t Node,
    line_end: &'static str,
    splices: Splices,
}

impl Planner<'_> {
    fn formatting(&self, near: Option<&Node>) -> Formatting {
        detect(self.text, self.root, near)
    }

    fn line_ending(&self, at: usize) -> &'static str {
        line_ending(self.text, at).unwrap_or(self.line_end)
    }

    /// Adds lines below the line that contains `at`.
    fn add_below(&mut self, at: usize, lines: &[Line]) {
        let ending = self.line_ending(at);
        let indent = lines.first().map_or(0, |(indent, _)| *indent);
        let written = format!("{ending}{}{}", " ".repeat(indent), join_lines(lines, ending));
        self.splices.insert(line_end(self.text, at), written);
    }

    /// Whether the node is on a later line than the indicator before it.
    fn starts_below(&self, slot: Slot<'_>) -> bool {
        !matches!(slot.holder, Holder::Root)
            && !on_same_line(self.text, indicator_end(slot), slot.node.span().start)
    }

    /// The comma after a child of a flow collection.
    fn find_comma(&self, end: usize) -> Option<usize> {
        let mut scan = Scan::new(self.text, end);
        scan.skip_trivia();
        let at = scan.at();
        scan.accept(b',').then_some(at)
    }
}

/// The byte after the `:` or `-` before the node.
fn indicator_end(slot: Slot<'_>) -> usize {
    match slot.holder {
        Holder::Root => slot.node.span().start,
        Holder::Item(_, _, item) => offset(item.dash) + 1,
        Holder::Entry(_, _, entry) => entry.colon.map_or(entry.key.span().end, |colon| offset(colon) + 1),
    }
}
