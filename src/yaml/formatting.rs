//! Detects how a document is formatted.

use super::lines::column;
use super::render::Formatting;
use super::tree::{Kind, Node, ScalarStyle, Style};

/// The usual formatting, which kubeadm also uses: two blanks, lists are not indented.
const USUAL: Formatting = Formatting {
    step: 2,
    list_step: 0,
    item_step: 2,
    strings: ScalarStyle::Plain,
    keys: ScalarStyle::Plain,
    dense: false,
};

/// Detects how the document is formatted. Strings are quoted as in the node `near`, if it has any.
pub(super) fn detect(text: &str, root: &Node, near: Option<&Node>) -> Formatting {
    let mut formatting = USUAL;
    if let Kind::Mapping(_, Style::Flow) | Kind::Sequence(_, Style::Flow) = &root.kind {
        formatting.strings = ScalarStyle::DoubleQuoted;
        formatting.keys = ScalarStyle::DoubleQuoted;
        let content = text.get(root.content()).unwrap_or_default();
        formatting.dense = !content.contains(": ") && !content.contains(", ");
        return formatting;
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
    formatting.list_step = list_step.unwrap_or(USUAL.list_step);
    formatting.step = step.unwrap_or(USUAL.step);
    if let Some(style) = near.and_then(string_style) {
        formatting.strings = style;
        if style == ScalarStyle::DoubleQuoted
            && near.is_some_and(|node| !matches!(node.kind, Kind::Scalar(..)))
        {
            formatting.keys = near.and_then(first_key_style).unwrap_or(ScalarStyle::Plain);
        }
    }
    formatting
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

/// How the first key of a mapping is quoted.
pub(super) fn first_key_style(node: &Node) -> Option<ScalarStyle> {
    match node.entries()?.first().map(|entry| &entry.key.kind) {
        Some(Kind::Scalar(_, style)) => Some(*style),
        _ => None,
    }
}
