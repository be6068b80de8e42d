//! The manners of a document, observed.

use super::lines::column;
use super::render::Manner;
use super::tree::{Kind, Node, ScalarStyle, Style};

/// What two blanks are for YAML written by hand, and what kubeadm writes: lists are not indented.
const USUAL: Manner = Manner {
    step: 2,
    list_step: 0,
    item_step: 2,
    strings: ScalarStyle::Plain,
    keys: ScalarStyle::Plain,
    dense: false,
};

/// Observes how the document is written; strings are quoted as in the node `near`, if it has any.
pub(super) fn observe(text: &str, root: &Node, near: Option<&Node>) -> Manner {
    let mut manner = USUAL;
    if let Kind::Mapping(_, Style::Flow) | Kind::Sequence(_, Style::Flow) = &root.kind {
        manner.strings = ScalarStyle::DoubleQuoted;
        manner.keys = ScalarStyle::DoubleQuoted;
        let content = text.get(root.content()).unwrap_or_default();
        manner.dense = !content.contains(": ") && !content.contains(", ");
        return manner;
    }
    let mut list_step = None;
    let mut step = None;
    root.walk(&mut |node| {
        if list_step.is_some() && step.is_some() {
            return;
        }
        let Kind::Mapping(entries, Style::Block) = &node.kind else { return };
        let keys = column(text, node.content().start);
        for entry in entries {
            let below = |value: &Node| column(text, value.content().start).checked_sub(keys);
            match &entry.value.kind {
                Kind::Sequence(_, Style::Block) if list_step.is_none() => list_step = below(&entry.value),
                Kind::Mapping(_, Style::Block) if step.is_none() => {
                    step = below(&entry.value).filter(|step| *step > 0);
                }
                _ => {}
            }
        }
    });
    manner.list_step = list_step.unwrap_or(USUAL.list_step);
    manner.step = step.unwrap_or(USUAL.step);
    if let Some(style) = near.and_then(string_style) {
        manner.strings = style;
        if style == ScalarStyle::DoubleQuoted
            && near.is_some_and(|node| !matches!(node.kind, Kind::Scalar(..)))
        {
            manner.keys = near.and_then(first_key_style).unwrap_or(ScalarStyle::Plain);
        }
    }
    manner
}

/// How the string here is quoted, or the first one in a flow collection.
fn string_style(node: &Node) -> Option<ScalarStyle> {
    match &node.kind {
        Kind::Scalar(text, ScalarStyle::Plain)
            if super::scalar::resolve(text) != super::scalar::Resolved::Str =>
        {
            None
        }
        Kind::Scalar(
            _,
            style @ (ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted),
        ) => Some(*style),
        Kind::Sequence(items, Style::Flow) => items.iter().find_map(|item| string_style(&item.node)),
        Kind::Mapping(entries, Style::Flow) => entries.iter().find_map(|entry| string_style(&entry.value)),
        _ => None,
    }
}

fn first_key_style(node: &Node) -> Option<ScalarStyle> {
    match node.entries()?.first().map(|entry| &entry.key.kind) {
        Some(Kind::Scalar(_, style)) => Some(*style),
        _ => None,
    }
}
