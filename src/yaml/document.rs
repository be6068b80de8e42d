//! A parsed document.

use super::anomaly::{Anomaly, AnomalyKind};
use super::tree::{Entry, Node};
use super::{Path, Step, agree, compose, limits, lines, position, value};
use crate::diagnostic::{Diagnostic, Position};
use serde_json::Value;

/// A YAML document: its text, its tree and its value.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    root: Node,
    value: Value,
    anomalies: Vec<Anomaly>,
}

impl Document {
    /// Reads the first document of `text` as Kubernetes does.
    ///
    /// A byte order mark, CRLF, JSON, anchors, merge keys and a missing final line end are accepted. An empty document
    /// has the value `null`.
    ///
    /// # Errors
    ///
    /// Refuses, with position and help: syntax errors, documents on which the two parsers disagree, more than
    /// [`MAX_BYTES`](super::MAX_BYTES), nesting deeper than 100 levels, excessive aliasing, Unicode line breaks outside quotes, and what Go
    /// cannot decode.
    pub fn read(text: &str) -> Result<Self, Diagnostic> {
        limits::require_size(text)?;
        let start = lines::byte_order_mark(text);
        let composed = compose::compose(text, start)?;
        limits::require_common_characters(text, &composed.root)?;
        agree::require_agreement(text, start, &composed.root)?;
        let (value, mut anomalies) = value::read_value(text, &composed.root)?;
        anomalies.extend(composed.directive.map(|at| Anomaly { kind: AnomalyKind::Directive, at }));
        anomalies.extend(composed.further.map(|at| Anomaly { kind: AnomalyKind::FurtherDocument, at }));
        anomalies.sort_by_key(|anomaly| anomaly.at);
        Ok(Self { text: text.to_owned(), root: composed.root, value, anomalies })
    }

    /// The text, unchanged.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without the rest.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The root node; an absent scalar if the document is empty.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The value that `sigs.k8s.io/yaml` reads: aliases resolved, keys merged, the last one of duplicate keys.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The anomalies, in the order of the text.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    /// The node at `path`; the last one of duplicate keys. Aliases and merge keys are not followed, because their content
    /// is written elsewhere.
    #[must_use]
    pub fn node(&self, path: &Path) -> Option<&Node> {
        path.steps().iter().try_fold(&self.root, |node, step| match step {
            Step::Key(key) => find_entry(node, key).map(|entry| &entry.value),
            Step::Index(index) => node.items()?.get(*index).map(|item| &item.node),
        })
    }

    /// Where the value at `path` starts; for a key without value, where the value would start.
    #[must_use]
    pub fn position(&self, path: &Path) -> Option<Position> {
        self.node(path).map(|node| self.position_at(node.span().start))
    }

    /// Where the key at the end of `path` starts; for an item of a sequence, and for the root, as
    /// [`Document::position`].
    #[must_use]
    pub fn key_position(&self, path: &Path) -> Option<Position> {
        match path.split_last() {
            Some((parent, Step::Key(key))) => {
                find_entry(self.node(&parent)?, key).map(|entry| self.position_at(entry.start()))
            }
            _ => self.position(path),
        }
    }

    /// Adds the position of the value at `path` to a diagnostic, or that of its nearest ancestor in the document.
    #[must_use]
    pub fn point(&self, diagnostic: Diagnostic, path: &Path) -> Diagnostic {
        match (self.position(path), path.split_last()) {
            (Some(position), _) => diagnostic.at(position, &self.text),
            (None, Some((parent, _))) => self.point(diagnostic, &parent),
            (None, None) => diagnostic,
        }
    }

    /// The position of a byte of the text.
    #[must_use]
    pub fn position_at(&self, offset: usize) -> Position {
        position::position_at(&self.text, offset)
    }

    /// An error at a byte of the text.
    #[must_use]
    pub fn refuse_at(&self, offset: usize, reason: impl Into<String>) -> Diagnostic {
        position::refuse_at(&self.text, offset, reason)
    }
}

/// The last entry of a mapping with this key.
pub(super) fn find_entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entries()?.iter().rev().find(|entry| entry.key.scalar() == Some(key))
}
