//! Writes values as YAML with the formatting of the document.

use serde_json::Value;

use super::quote::{Quoting, write_string};
use super::tree::ScalarStyle;

/// The formatting of a document, which new text follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Formatting {
    /// How far a nested mapping is indented.
    pub(super) step: usize,
    /// How far a list is indented below its key; kubeadm does not indent it.
    pub(super) list_step: usize,
    /// Columns from a `-` to its item.
    pub(super) item_step: usize,
    /// How strings are quoted.
    pub(super) strings: ScalarStyle,
    /// How keys are quoted.
    pub(super) keys: ScalarStyle,
    /// Whether flow collections are written without blanks, as in compact JSON.
    pub(super) dense: bool,
}

/// A line to be written: its indentation in blanks, and its text.
pub(super) type Line = (usize, String);

impl Formatting {
    /// A value on one line, collections in brackets.
    pub(super) fn write_flow(self, value: &Value) -> String {
        let separator = if self.dense { "," } else { ", " };
        match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.write_flow(item)).collect();
                format!("[{}]", items.join(separator))
            }
            Value::Object(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| self.write_flow_entry(key, value)).collect();
                format!("{{{}}}", entries.join(separator))
            }
            _ => self.write_scalar(value, true),
        }
    }

    /// An entry of a flow mapping.
    pub(super) fn write_flow_entry(self, key: &str, value: &Value) -> String {
        let colon = if self.dense { ":" } else { ": " };
        format!("{}{colon}{}", self.write_key(key, true), self.write_flow(value))
    }

    /// A scalar, or an empty collection, on one line.
    pub(super) fn write_scalar(self, value: &Value, in_flow: bool) -> String {
        match value {
            Value::String(text) => write_string(text, Quoting { style: self.strings, in_flow }),
            _ => value.to_string(),
        }
    }

    /// A key.
    pub(super) fn write_key(self, key: &str, in_flow: bool) -> String {
        write_string(key, Quoting { style: self.keys, in_flow })
    }

    /// A value on its own lines, starting at `column`. Scalars and empty collections take one line.
    pub(super) fn write_block(self, value: &Value, column: usize) -> Vec<Line> {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                entries.iter().flat_map(|(key, value)| self.write_entry(key, value, column)).collect()
            }
            Value::Array(items) if !items.is_empty() => {
                let nested = Self { item_step: 2, ..self };
                items.iter().flat_map(|item| nested.write_item(item, column)).collect()
            }
            _ => vec![(column, self.write_scalar(value, false))],
        }
    }

    /// An entry of a block mapping whose keys start at `column`.
    pub(super) fn write_entry(self, key: &str, value: &Value, column: usize) -> Vec<Line> {
        let key = self.write_key(key, false);
        let below = match value {
            Value::Object(entries) if !entries.is_empty() => column + self.step,
            Value::Array(items) if !items.is_empty() => column + self.list_step,
            _ => return vec![(column, format!("{key}: {}", self.write_scalar(value, false)))],
        };
        let mut lines = vec![(column, format!("{key}:"))];
        lines.extend(self.write_block(value, below));
        lines
    }

    /// An item of a block sequence whose dashes are at `column`.
    pub(super) fn write_item(self, item: &Value, column: usize) -> Vec<Line> {
        let mut lines = self.write_block(item, column + self.item_step);
        if let Some((indent, first)) = lines.first_mut() {
            *first = format!("-{}{first}", " ".repeat(self.item_step.saturating_sub(1)));
            *indent = column;
        }
        lines
    }
}

/// Joins lines: the first one without its indentation, which is in the text already, and no line ending after the last.
pub(super) fn join_lines(lines: &[Line], line_ending: &str) -> String {
    let indented = |(indent, text): &Line| format!("{}{text}", " ".repeat(*indent));
    let first = lines.first().map(|(_, text)| text.clone()).into_iter();
    let lines: Vec<_> = first.chain(lines.iter().skip(1).map(indented)).collect();
    lines.join(line_ending)
}
