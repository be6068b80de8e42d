//! Replaces a node.

use serde_json::Value;

use super::{Holder, Planner, Slot, indicator_end, is_block, is_filled, style};
use crate::yaml::lines::{column, line_start};
use crate::yaml::render::{Formatting, join_lines};
use crate::yaml::tree::{Kind, Style};

impl Planner<'_> {
    /// Replaces the node in `slot` by `value`.
    pub(super) fn set(&mut self, slot: Slot<'_>, value: &Value) {
        let node = slot.node;
        let formatting = self.formatting(Some(node));
        if slot.in_flow || (style(self.root) == Some(Style::Flow) && matches!(slot.holder, Holder::Root)) {
            let lead = match slot.holder {
                Holder::Entry(_, _, entry) if entry.colon.is_none() => ": ",
                _ if node.is_absent() => " ",
                _ => "",
            };
            self.splices.replace(node.span(), format!("{lead}{}", formatting.write_flow(value)));
            return;
        }
        if is_filled(value) {
            self.set_block(slot, value, formatting);
        } else if self.starts_below(slot) && !matches!(node.kind, Kind::Scalar(..)) {
            let after = indicator_end(slot);
            self.splices.insert(after, format!(" {}", formatting.write_scalar(value, false)));
            self.remove_lines(node.span().start, node.span().end);
        } else {
            let lead = if node.is_absent() && !matches!(slot.holder, Holder::Root) { " " } else { "" };
            self.splices.replace(node.span(), format!("{lead}{}", formatting.write_scalar(value, false)));
        }
    }

    /// Replaces a node in a block by a collection with content, itself in block style.
    fn set_block(&mut self, slot: Slot<'_>, value: &Value, formatting: Formatting) {
        let span = slot.node.span();
        let here = column(self.text, span.start);
        match slot.holder {
            Holder::Entry(mapping, _, _) => {
                let keys = column(self.text, mapping.content().start);
                let below = keys + if value.is_array() { formatting.list_step } else { formatting.step };
                if self.starts_below(slot) {
                    let same_kind = is_block(slot.node) && slot.node.items().is_some() == value.is_array();
                    let column = if same_kind { here } else { below };
                    let lines = formatting.write_block(value, column);
                    let ending = self.line_ending(span.start);
                    let start = line_start(self.text, span.start);
                    self.splices.replace(
                        start..span.end,
                        format!("{}{}", " ".repeat(column), join_lines(&lines, ending)),
                    );
                } else {
                    self.splices.replace(indicator_end(slot)..span.end, "");
                    self.add_below(span.end, &formatting.write_block(value, below));
                }
            }
            Holder::Item(..) if slot.node.is_absent() => {
                let lines = formatting.write_block(value, here + 1);
                self.splices
                    .insert(span.start, format!(" {}", join_lines(&lines, self.line_ending(span.start))));
            }
            Holder::Item(..) | Holder::Root => {
                let lines = formatting.write_block(value, here);
                self.splices.replace(span.clone(), join_lines(&lines, self.line_ending(span.start)));
            }
        }
    }
}
