//! From one edit to the bytes that change.

use serde_json::Value;

use super::Step;
use super::edit::Edit;
use super::lines::{
    column, is_first_on_line, is_last_on_line, line_after, line_end, line_ending, line_start, on_same_line,
};
use super::manner::observe;
use super::render::{Line, Manner, join_lines};
use super::tree::{Entry, Item, Kind, Node, ScalarStyle, Style, offset};
use crate::refusal::Refusal;

/// Replacements of byte ranges, none of which overlap.
#[derive(Debug, Default)]
pub(super) struct Splices(Vec<(std::ops::Range<usize>, String)>);

impl Splices {
    fn replace(&mut self, range: std::ops::Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
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

/// A node and what holds it.
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

/// Plans one edit on the tree of `text`. Where `text` has no line end to copy, `line_end` is written.
///
/// # Errors
///
/// Refuses what cannot be reached or is written in a way that is not handled.
pub(super) fn plan(text: &str, root: &Node, edit: &Edit, line_end: &'static str) -> Result<Splices, Refusal> {
    let slot = find(root, edit.anchorage().steps())?;
    let mut planner = Planner { text, root, line_end, splices: Splices::default() };
    match edit {
        Edit::Set { value, .. } => planner.set(slot, value),
        Edit::Insert { index, value, .. } => planner.insert(slot, *index, value),
        Edit::Put { key, value, .. } => planner.put(slot, key, value)?,
        Edit::Remove { .. } => planner.remove(root, edit.anchorage().steps(), slot)?,
    }
    Ok(planner.splices)
}

fn find<'n>(root: &'n Node, steps: &[Step]) -> Result<Slot<'n>, Refusal> {
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
        let (holder, node) = holder.ok_or_else(|| Refusal::new("it is not there any more"))?;
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

/// Whether a scalar is null for every reader: nothing, `~` or `null`.
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
    fn manner(&self, near: Option<&Node>) -> Manner {
        observe(self.text, self.root, near)
    }

    fn line_ending(&self, at: usize) -> &'static str {
        line_ending(self.text, at).unwrap_or(self.line_end)
    }

    /// Lines below the line that `at` is in.
    fn add_below(&mut self, at: usize, lines: &[Line]) {
        let ending = self.line_ending(at);
        let indent = lines.first().map_or(0, |(indent, _)| *indent);
        let written = format!("{ending}{}{}", " ".repeat(indent), join_lines(lines, ending));
        self.splices.insert(line_end(self.text, at), written);
    }

    /// Removes whole lines, from that of `from` to that of `to`.
    fn remove_lines(&mut self, from: usize, to: usize) {
        let start = line_start(self.text, from);
        let end = line_after(self.text, to);
        let ends_text = end == self.text.len() && !self.text.ends_with('\n');
        if ends_text && start > 0 {
            // The last line with something on it becomes the last one, and has no line end then, as this one.
            let before = self.text.get(..start).unwrap_or_default();
            let filled = before.trim_end_matches(['\r', '\n', ' ', '\t']).len();
            let previous = line_end(self.text, filled);
            self.splices.replace(previous..end, "");
        } else {
            self.splices.replace(start..end, "");
        }
    }

    fn set(&mut self, slot: Slot<'_>, value: &Value) {
        let node = slot.node;
        let manner = self.manner(Some(node));
        if slot.in_flow || (style(self.root) == Some(Style::Flow) && matches!(slot.holder, Holder::Root)) {
            let lead = match slot.holder {
                Holder::Entry(_, _, entry) if entry.colon.is_none() => ": ",
                _ if node.is_absent() => " ",
                _ => "",
            };
            self.splices.replace(node.span(), format!("{lead}{}", manner.write_flow(value)));
            return;
        }
        if is_filled(value) {
            self.set_block(slot, value, manner);
        } else if self.starts_below(slot) && !matches!(node.kind, Kind::Scalar(..)) {
            let after = indicator_end(slot);
            self.splices.insert(after, format!(" {}", manner.write_scalar(value, false)));
            self.remove_lines(node.span().start, node.span().end);
        } else {
            let lead = if node.is_absent() && !matches!(slot.holder, Holder::Root) { " " } else { "" };
            self.splices.replace(node.span(), format!("{lead}{}", manner.write_scalar(value, false)));
        }
    }

    /// Replaces a node in a block by a collection with content, itself in block style.
    fn set_block(&mut self, slot: Slot<'_>, value: &Value, manner: Manner) {
        let span = slot.node.span();
        let here = column(self.text, span.start);
        match slot.holder {
            Holder::Entry(mapping, _, _) => {
                let keys = column(self.text, mapping.content().start);
                let below = keys + if value.is_array() { manner.list_step } else { manner.step };
                if self.starts_below(slot) {
                    let same_kind = is_block(slot.node) && slot.node.items().is_some() == value.is_array();
                    let column = if same_kind { here } else { below };
                    let lines = manner.write_block(value, column);
                    let ending = self.line_ending(span.start);
                    let start = line_start(self.text, span.start);
                    self.splices.replace(
                        start..span.end,
                        format!("{}{}", " ".repeat(column), join_lines(&lines, ending)),
                    );
                } else {
                    self.splices.replace(indicator_end(slot)..span.end, "");
                    self.add_below(span.end, &manner.write_block(value, below));
                }
            }
            Holder::Item(..) if slot.node.is_absent() => {
                let lines = manner.write_block(value, here + 1);
                self.splices
                    .insert(span.start, format!(" {}", join_lines(&lines, self.line_ending(span.start))));
            }
            Holder::Item(..) | Holder::Root => {
                let lines = manner.write_block(value, here);
                self.splices.replace(span.clone(), join_lines(&lines, self.line_ending(span.start)));
            }
        }
    }

    /// Whether the node stands on a later line than the indicator before it.
    fn starts_below(&self, slot: Slot<'_>) -> bool {
        !matches!(slot.holder, Holder::Root)
            && !on_same_line(self.text, indicator_end(slot), slot.node.span().start)
    }

    fn insert(&mut self, slot: Slot<'_>, index: usize, value: &Value) {
        let Kind::Sequence(items, style) = &slot.node.kind else {
            return self.set(slot, &Value::Array(vec![value.clone()]));
        };
        if items.is_empty() && !slot.in_flow && !matches!(slot.holder, Holder::Root) {
            return self.set(slot, &Value::Array(vec![value.clone()]));
        }
        let neighbour = index.checked_sub(1).and_then(|before| items.get(before)).or_else(|| items.first());
        let manner = self.manner(neighbour.map(|item| &item.node));
        if *style == Style::Flow {
            let children: Vec<_> = items.iter().map(|item| item.node.span()).collect();
            self.insert_in_flow(slot.node, &children, index, &manner.write_flow(value));
            return;
        }
        let Some(first) = items.first() else { return };
        let dashes = column(self.text, offset(first.dash));
        let item_step = self.item_step(neighbour);
        let manner = Manner { item_step, ..manner };
        let flow_like = neighbour.is_some_and(|item| {
            super::splice::style(&item.node) == Some(Style::Flow) && is_filled_node(&item.node)
        });
        let lines = if flow_like && is_filled(value) {
            vec![(dashes, format!("-{}{}", " ".repeat(item_step - 1), manner.write_flow(value)))]
        } else {
            manner.write_item(value, dashes)
        };
        match index.checked_sub(1).and_then(|before| items.get(before)) {
            Some(before) => self.add_below(before.node.span().end.max(offset(before.dash) + 1), &lines),
            None => self.add_above(offset(first.dash), dashes, &lines),
        }
    }

    /// Lines before the dash or key at `at`, which may itself stand behind the dash of an outer item.
    fn add_above(&mut self, at: usize, column: usize, lines: &[Line]) {
        let ending = self.line_ending(at);
        self.splices.insert(at, format!("{}{ending}{}", join_lines(lines, ending), " ".repeat(column)));
    }

    /// Columns from the dash to the item's content, as the neighbour has it.
    fn item_step(&self, neighbour: Option<&Item>) -> usize {
        const WIDEST: usize = 8;
        neighbour
            .map(|item| (offset(item.dash) + 1, item.node.span().start))
            .and_then(|(after_dash, content)| self.text.get(after_dash..content))
            .filter(|gap| !gap.is_empty() && gap.len() < WIDEST && gap.bytes().all(|byte| byte == b' '))
            .map_or(2, |gap| gap.len() + 1)
    }

    /// Inserts into a flow collection whose children have these spans.
    fn insert_in_flow(
        &mut self,
        node: &Node,
        children: &[std::ops::Range<usize>],
        index: usize,
        written: &str,
    ) {
        let Some(last) = children.last() else {
            self.splices.insert(node.content().start + 1, written);
            return;
        };
        let gap = if self.manner(None).dense { "" } else { " " };
        let Some(before) = index.checked_sub(1).and_then(|before| children.get(before)) else {
            let at = children.first().map_or(last.start, |first| first.start);
            let after = if is_first_on_line(self.text, at) { self.break_before(at) } else { gap.to_owned() };
            self.splices.insert(at, format!("{written},{after}"));
            return;
        };
        let own_line = |planner: &Self| is_first_on_line(planner.text, before.start);
        match self.find_comma(before.end) {
            Some(comma) if is_last_on_line(self.text, comma + 1) && own_line(self) => {
                let written = format!("{}{written},", self.break_before(before.start));
                self.splices.insert(line_end(self.text, comma), written);
            }
            Some(comma) => self.splices.insert(comma + 1, format!("{gap}{written},")),
            None if is_last_on_line(self.text, before.end) && own_line(self) => {
                self.splices.insert(before.end, ",");
                let written = format!("{}{written}", self.break_before(before.start));
                self.splices.insert(line_end(self.text, before.end), written);
            }
            None => self.splices.insert(before.end, format!(",{gap}{written}")),
        }
    }

    /// A line end and the indentation of the line that `at` is in.
    fn break_before(&self, at: usize) -> String {
        let indentation = self.text.get(line_start(self.text, at)..at).unwrap_or_default();
        format!("{}{indentation}", self.line_ending(at))
    }

    /// The comma behind a child of a flow collection.
    fn find_comma(&self, end: usize) -> Option<usize> {
        let mut scan = super::scan::Scan::new(self.text, end);
        scan.skip_trivia();
        let at = scan.at();
        scan.accept(b',').then_some(at)
    }

    fn put(&mut self, slot: Slot<'_>, key: &str, value: &Value) -> Result<(), Refusal> {
        let Kind::Mapping(entries, style) = &slot.node.kind else {
            self.set(slot, &entry_value(key, value));
            return Ok(());
        };
        if let Some((index, entry)) =
            entries.iter().enumerate().find(|(_, entry)| entry.key.scalar() == Some(key))
        {
            let in_flow = slot.in_flow || *style != Style::Block;
            self.set(
                Slot { node: &entry.value, holder: Holder::Entry(slot.node, index, entry), in_flow },
                value,
            );
            return Ok(());
        }
        if entries.is_empty() && !slot.in_flow && !matches!(slot.holder, Holder::Root) {
            self.set(slot, &entry_value(key, value));
            return Ok(());
        }
        let place = find_place(entries, key);
        let manner = self.manner(entries.first().map(|entry| &entry.value));
        let manner = Manner { keys: key_style(entries).unwrap_or(manner.keys), ..manner };
        match style {
            Style::Pair => Err(Refusal::new("a pair without braces cannot take another key")),
            Style::Flow => {
                let children: Vec<_> = entries
                    .iter()
                    .map(|entry| entry.start()..entry.value.span().end.max(entry.key.span().end))
                    .collect();
                self.insert_in_flow(slot.node, &children, place, &manner.write_flow_entry(key, value));
                Ok(())
            }
            Style::Block => {
                let keys = column(self.text, slot.node.content().start);
                let strings = Manner { strings: ScalarStyle::Plain, ..manner };
                let lines = strings.write_entry(key, value, keys);
                match place.checked_sub(1).and_then(|before| entries.get(before)) {
                    Some(before) => self.add_below(before.value.span().end, &lines),
                    None => self.add_above(slot.node.content().start, keys, &lines),
                }
                Ok(())
            }
        }
    }

    fn remove(&mut self, root: &Node, steps: &[Step], slot: Slot<'_>) -> Result<(), Refusal> {
        let (parent, index, spans): (&Node, usize, Vec<_>) = match slot.holder {
            Holder::Root => return Err(Refusal::new("the document itself cannot be removed")),
            Holder::Item(parent, index, _) => {
                let items = parent.items().unwrap_or_default();
                let ends = |item: &Item| offset(item.dash)..item.node.span().end.max(offset(item.dash) + 1);
                (parent, index, items.iter().map(ends).collect())
            }
            Holder::Entry(parent, index, _) => {
                let entries = parent.entries().unwrap_or_default();
                let ends = |entry: &Entry| entry.start()..entry.value.span().end.max(entry.key.span().end);
                (parent, index, entries.iter().map(ends).collect())
            }
        };
        let Some(own) = spans.get(index).cloned() else { return Ok(()) };
        match style(parent) {
            Some(Style::Block) if spans.len() == 1 => {
                let empty = if parent.items().is_some() { Value::Array(Vec::new()) } else { entry_less() };
                let above = steps.split_last().map_or(&[][..], |(_, above)| above);
                self.set(find(root, above)?, &empty);
                Ok(())
            }
            Some(Style::Block) => {
                match spans.get(index + 1) {
                    Some(next) if !is_first_on_line(self.text, own.start) => {
                        self.remove_behind_dash(&own, next.start)
                    }
                    _ => self.remove_lines(own.start, own.end),
                }
                Ok(())
            }
            Some(Style::Flow) => {
                self.remove_in_flow(parent, &spans, index);
                Ok(())
            }
            _ => Err(Refusal::new("a pair without braces cannot lose its key")),
        }
    }

    /// Removes the first item of `- - a`, or the first key of `- a: 1`: what stands behind the dash of an outer
    /// item. The next one takes its place, unless there are lines between them that are to stay.
    fn remove_behind_dash(&mut self, own: &std::ops::Range<usize>, next: usize) {
        if line_after(self.text, own.end) == line_start(self.text, next) && !self.has_comment_behind(own.end)
        {
            self.splices.replace(own.start..next, "");
        } else {
            let before = self.text.get(..own.start).unwrap_or_default().trim_end_matches(' ');
            self.splices.replace(before.len()..own.end, "");
        }
    }

    fn has_comment_behind(&self, end: usize) -> bool {
        self.text.get(end..line_end(self.text, end)).is_some_and(|rest| rest.contains('#'))
    }

    fn remove_in_flow(&mut self, parent: &Node, spans: &[std::ops::Range<usize>], index: usize) {
        let Some(own) = spans.get(index).cloned() else { return };
        let comma = self.find_comma(own.end);
        let end = comma.map_or(own.end, |comma| comma + 1);
        let own_lines = is_first_on_line(self.text, own.start) && is_last_on_line(self.text, end);
        let before = index.checked_sub(1).and_then(|before| spans.get(before));
        match (before, spans.get(index + 1), comma) {
            (None, None, _) => {
                let inside = parent.content().start + 1..parent.content().end - 1;
                let has_comment = self.text.get(inside.clone()).is_some_and(|text| {
                    text.replace(self.text.get(own.clone()).unwrap_or_default(), "").contains('#')
                });
                self.splices.replace(if has_comment { own.start..end } else { inside }, "");
            }
            (_, Some(_), _) | (_, None, Some(_)) if own_lines => self.remove_lines(own.start, end),
            (_, Some(next), _) => self.splices.replace(own.start..next.start, ""),
            (Some(before), None, Some(_)) => {
                self.splices.replace(before_comma_end(self, before.end)..end, "");
            }
            (Some(before), None, None) => {
                // The comma that separated it goes; a comment behind that comma stays.
                let Some(separator) = self.find_comma(before.end) else { return };
                if own_lines && !on_same_line(self.text, separator, own.start) {
                    self.splices.replace(separator..separator + 1, "");
                    self.remove_lines(own.start, own.end);
                } else {
                    self.splices.replace(separator..own.end, "");
                }
            }
        }
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

fn before_comma_end(planner: &Planner<'_>, end: usize) -> usize {
    planner.find_comma(end).map_or(end, |comma| comma + 1)
}

fn entry_value(key: &str, value: &Value) -> Value {
    Value::Object(std::iter::once((key.to_owned(), value.clone())).collect())
}

fn entry_less() -> Value {
    Value::Object(serde_json::Map::new())
}

fn is_filled_node(node: &Node) -> bool {
    node.items().is_some_and(|items| !items.is_empty())
        || node.entries().is_some_and(|entries| !entries.is_empty())
}

/// Where a new key goes: to its place in the alphabet if the keys are in that order, else to the end.
fn find_place(entries: &[Entry], key: &str) -> usize {
    let keys: Vec<_> = entries.iter().filter_map(|entry| entry.key.scalar()).collect();
    if keys.len() == entries.len() && keys.is_sorted() {
        keys.partition_point(|other| *other < key)
    } else {
        entries.len()
    }
}

/// Keys are quoted as the first one is.
fn key_style(entries: &[Entry]) -> Option<ScalarStyle> {
    match entries.first().map(|entry| &entry.key.kind) {
        Some(Kind::Scalar(_, style)) => Some(*style),
        _ => None,
    }
}
