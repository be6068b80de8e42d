//! Adds an item or a key.

use std::ops::Range;

use serde_json::Value;

use super::{Holder, Planner, Slot, is_filled, style};
use crate::diagnostic::Diagnostic;
use crate::yaml::formatting::first_key_style;
use crate::yaml::lines::{column, is_first_on_line, is_last_on_line, line_end, line_start};
use crate::yaml::render::{Formatting, Line, join_lines};
use crate::yaml::tree::{Entry, Item, Kind, Node, ScalarStyle, Style, offset};

impl Planner<'_> {
    /// Adds an item before the item `index` of the sequence in `slot`.
    pub(super) fn insert(&mut self, slot: Slot<'_>, index: usize, value: &Value) {
        let Kind::Sequence(items, own_style) = &slot.node.kind else {
            return self.set(slot, &Value::Array(vec![value.clone()]));
        };
        if items.is_empty() && !slot.in_flow && !matches!(slot.holder, Holder::Root) {
            return self.set(slot, &Value::Array(vec![value.clone()]));
        }
        let neighbour = index.checked_sub(1).and_then(|before| items.get(before)).or_else(|| items.first());
        let formatting = self.formatting(neighbour.map(|item| &item.node));
        if *own_style == Style::Flow {
            let children: Vec<_> = items.iter().map(|item| item.node.span()).collect();
            self.insert_in_flow(slot.node, &children, index, &formatting.write_flow(value));
            return;
        }
        let Some(first) = items.first() else { return };
        let dashes = column(self.text, offset(first.dash));
        let item_step = self.item_step(neighbour);
        let formatting = Formatting { item_step, ..formatting };
        let flow_like = neighbour
            .is_some_and(|item| style(&item.node) == Some(Style::Flow) && is_filled_node(&item.node));
        let lines = if flow_like && is_filled(value) {
            vec![(dashes, format!("-{}{}", " ".repeat(item_step - 1), formatting.write_flow(value)))]
        } else {
            formatting.write_item(value, dashes)
        };
        match index.checked_sub(1).and_then(|before| items.get(before)) {
            Some(before) => self.add_below(before.span().end, &lines),
            None => self.add_above(offset(first.dash), dashes, &lines),
        }
    }

    /// Adds lines before the dash or key at `at`, which may follow the dash of an outer item.
    fn add_above(&mut self, at: usize, column: usize, lines: &[Line]) {
        let ending = self.line_ending(at);
        self.splices.insert(at, format!("{}{ending}{}", join_lines(lines, ending), " ".repeat(column)));
    }

    /// Columns from the dash to the item's content, the same as in the neighbour.
    fn item_step(&self, neighbour: Option<&Item>) -> usize {
        const WIDEST: usize = 8;
        neighbour
            .map(|item| (offset(item.dash) + 1, item.node.span().start))
            .and_then(|(after_dash, content)| self.text.get(after_dash..content))
            .filter(|gap| !gap.is_empty() && gap.len() < WIDEST && gap.bytes().all(|byte| byte == b' '))
            .map_or(2, |gap| gap.len() + 1)
    }

    /// Inserts into a flow collection whose children have these spans.
    fn insert_in_flow(&mut self, node: &Node, children: &[Range<usize>], index: usize, written: &str) {
        let Some(last) = children.last() else {
            self.splices.insert(node.content().start + 1, written);
            return;
        };
        let gap = if self.formatting(None).dense { "" } else { " " };
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

    /// A line ending and the indentation of the line that contains `at`.
    fn break_before(&self, at: usize) -> String {
        let indentation = self.text.get(line_start(self.text, at)..at).unwrap_or_default();
        format!("{}{indentation}", self.line_ending(at))
    }

    /// Sets a key of the mapping in `slot`.
    pub(super) fn put(&mut self, slot: Slot<'_>, key: &str, value: &Value) -> Result<(), Diagnostic> {
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
        let index = find_index(entries, key);
        let formatting = self.formatting(entries.first().map(|entry| &entry.value));
        let formatting =
            Formatting { keys: first_key_style(slot.node).unwrap_or(formatting.keys), ..formatting };
        match style {
            Style::Pair => Err(Diagnostic::error("a pair without braces cannot have another key")),
            Style::Flow => {
                let children: Vec<_> = entries.iter().map(Entry::span).collect();
                self.insert_in_flow(slot.node, &children, index, &formatting.write_flow_entry(key, value));
                Ok(())
            }
            Style::Block => {
                let keys = column(self.text, slot.node.content().start);
                let strings = Formatting { strings: ScalarStyle::Plain, ..formatting };
                let lines = strings.write_entry(key, value, keys);
                match index.checked_sub(1).and_then(|before| entries.get(before)) {
                    Some(before) => self.add_below(before.value.span().end, &lines),
                    None => self.add_above(slot.node.content().start, keys, &lines),
                }
                Ok(())
            }
        }
    }
}

fn entry_value(key: &str, value: &Value) -> Value {
    Value::Object(std::iter::once((key.to_owned(), value.clone())).collect())
}

fn is_filled_node(node: &Node) -> bool {
    node.items().is_some_and(|items| !items.is_empty())
        || node.entries().is_some_and(|entries| !entries.is_empty())
}

/// The index of a new key: in alphabetical order if the keys are sorted, else at the end.
fn find_index(entries: &[Entry], key: &str) -> usize {
    let keys: Vec<_> = entries.iter().filter_map(|entry| entry.key.scalar()).collect();
    if keys.len() == entries.len() && keys.is_sorted() {
        keys.partition_point(|other| *other < key)
    } else {
        entries.len()
    }
}
