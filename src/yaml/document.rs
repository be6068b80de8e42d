//! A document as it was read.

use super::finding::{Finding, FindingKind};
use super::tree::{Entry, Node};
use super::{Path, Step, agree, compose, gate, place, value};
use crate::diagnostic::{Diagnostic, Position};
use serde_json::Value;

/// A YAML document: its text, its tree and its value.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    root: Node,
    value: Value,
    findings: Vec<Finding>,
}

impl Document {
    /// Reads the first document of `text` as Kubernetes does.
    ///
    /// A byte order mark, CRLF, JSON, anchors, merges and a missing final line end are fine. An empty document has
    /// the value `null`.
    ///
    /// # Errors
    ///
    /// Refuses, with the place and what to do: syntax errors, texts on which the two parsers disagree, more than
    /// [`MAX_BYTES`], nesting deeper than 100 levels, aliases that blow the document up, Unicode line breaks
    /// outside quotes, and what Go cannot decode.
    pub fn read(text: &str) -> Result<Self, Diagnostic> {
        gate::require_readable(text)?;
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let composed = compose::compose(text, start)?;
        gate::require_common_characters(text, &composed.root)?;
        agree::require_agreement(text, start, &composed.root)?;
        let (value, mut findings) = value::read_value(text, &composed.root)?;
        let remarkable =
            [(composed.directive, FindingKind::Directive), (composed.further, FindingKind::FurtherDocument)];
        for (at, kind) in remarkable {
            findings.extend(at.map(|at| Finding { kind, at }));
        }
        findings.sort_by_key(|finding| finding.at);
        Ok(Self { text: text.to_owned(), root: composed.root, value, findings })
    }

    /// The text, byte for byte as it was given.
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

    /// What `sigs.k8s.io/yaml` makes of the document: aliases replaced, keys merged, of duplicate keys the last.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What is remarkable, in the order of the text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The node at `path`; of duplicate keys the last. Aliases and merges are not followed: what they stand for is
    /// written elsewhere.
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

    /// The refusal with the position of the value at `path`, or of the nearest thing above it that the document has.
    #[must_use]
    pub fn point(&self, refusal: Diagnostic, path: &Path) -> Diagnostic {
        match (self.position(path), path.split_last()) {
            (Some(position), _) => refusal.at(position, &self.text),
            (None, Some((parent, _))) => self.point(refusal, &parent),
            (None, None) => refusal,
        }
    }

    /// The position of a byte of the text.
    #[must_use]
    pub fn position_at(&self, offset: usize) -> Position {
        place::position_at(&self.text, offset)
    }

    /// A refusal that points at a byte of the text.
    #[must_use]
    pub fn refuse_at(&self, offset: usize, reason: impl Into<String>) -> Diagnostic {
        place::refuse_at(&self.text, offset, reason)
    }
}

/// The last entry of a mapping with this key.
pub(super) fn find_entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entries()?.iter().rev().find(|entry| entry.key.scalar() == Some(key))
}
