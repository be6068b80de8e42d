//! Removes an item or a key.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Holder, Planner, Slot, find, style};
use crate::diagnostic::Diagnostic;
use crate::yaml::Step;
use crate::yaml::lines::{is_first_on_line, is_last_on_line, line_after, line_end, line_start, on_same_line};
use crate::yaml::tree::{Entry, Item, Node, Style};

impl Planner<'_> {
    /// Removes whole lines, from that of `from` to that of `to`.
    pub(super) fn remove_lines(&mut self, from: usize, to: usize) {
        let start = line_start(self.text, from);
        let end = line_after(self.text, to);
        let ends_text = end == self.text.len() && !self.text.ends_with('\n');
        if ends_text && start > 0 {
            // The last line with content becomes the last line of the file, and has no line ending, like this one.
            let before = self.text.get(..start).unwrap_or_default();
            let filled = before.trim_end_matches(['\r', '\n', ' ', '\t']).len();
            let previous = line_end(self.text, filled);
            self.splices.replace(previous..end, "");
        } else {
            self.splices.replace(start..end, "");
        }
    }

    /// Removes what is in `slot`, at the end of `steps` from `root`.
    pub(super) fn remove(&mut self, root: &Node, steps: &[Step], slot: Slot<'_>) -> Result<(), Diagnostic> {
        let (parent, index, spans): (&Node, usize, Vec<_>) = match slot.holder {
            Holder::Root => return Err(Diagnostic::error("the document itself cannot be removed")),
            Holder::Item(parent, index, _) => {
                (parent, index, parent.items().unwrap_or_default().iter().map(Item::span).collect())
            }
            Holder::Entry(parent, index, _) => {
                (parent, index, parent.entries().unwrap_or_default().iter().map(Entry::span).collect())
            }
        };
        let Some(own) = spans.get(index).cloned() else { return Ok(()) };
        match style(parent) {
            Some(Style::Block) if spans.len() == 1 => {
                let empty = if parent.items().is_some() {
                    Value::Array(Vec::new())
                } else {
                    Value::Object(Map::new())
                };
                let above = steps.split_last().map_or(&[][..], |(_, above)| above);
                self.set(find(root, above)?, &empty);
                Ok(())
            }
            Some(Style::Block) => {
                match spans.get(index + 1) {
                    Some(next) if !is_first_on_line(self.text, own.start) => {
                        self.remove_after_dash(&own, next.start);
                    }
                    _ => self.remove_lines(own.start, own.end),
                }
                Ok(())
            }
            Some(Style::Flow) => {
                self.remove_in_flow(parent, &spans, index);
                Ok(())
            }
            _ => Err(Diagnostic::error("the key of a pair without braces cannot be removed")),
        }
    }

    /// Removes the first item of `- - a`, or the first key of `- a: 1`, which follows the dash of an outer item. The next
    /// one moves up, unless there are lines between them that must stay.
    fn remove_after_dash(&mut self, own: &Range<usize>, next: usize) {
        if line_after(self.text, own.end) == line_start(self.text, next) && !self.has_comment_after(own.end) {
            self.splices.replace(own.start..next, "");
        } else {
            let before = self.text.get(..own.start).unwrap_or_default().trim_end_matches(' ');
            self.splices.replace(before.len()..own.end, "");
        }
    }

    fn has_comment_after(&self, end: usize) -> bool {
        self.text.get(end..line_end(self.text, end)).is_some_and(|rest| rest.contains('#'))
    }

    fn remove_in_flow(&mut self, parent: &Node, spans: &[Range<usize>], index: usize) {
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
                self.splices
                    .replace(self.find_comma(before.end).map_or(before.end, |comma| comma + 1)..end, "");
            }
            (Some(before), None, None) => {
                // The separating comma is removed; a comment after that comma stays.
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
