//! A lossless YAML editor.
//!
//! A [`Document`] is a text and two readings of it: the tree of nodes with their places, and the value that Go,
//! the reader that counts, makes of it. Two parsers of different ancestry must agree on every document.
//!
//! [`Document::read`] takes everything that Kubernetes would take and reports what is remarkable as findings;
//! [`Document::parse`] is the gate before an edit, and refuses what nobody should edit by machine.
//!
//! Nothing here serialises a document: an edit replaces the bytes it is about, and no others.

mod agree;
mod check;
mod compose;
mod edit;
mod finding;
mod gate;
mod lines;
mod manner;
mod nesting;
mod path;
mod place;
mod quote;
mod render;
mod scalar;
mod scan;
mod splice;
mod tree;
mod value;

use serde_json::Value;

pub use edit::Edit;
pub use finding::{Finding, FindingKind};
pub use gate::{MAX_BYTES, decode};
pub(crate) use nesting::{MAX_DEPTH_IN_GO, Nesting};
pub use path::{Path, Step};
pub(crate) use place::position_at;
pub use scalar::{Resolved, resolve};
pub use tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};

use crate::diagnostic::{Diagnostic, Position};

/// A YAML document: its text, its tree and its value.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    root: Node,
    value: Value,
    findings: Vec<Finding>,
}

impl Document {
    /// Reads a document that is going to be edited.
    ///
    /// # Errors
    ///
    /// Refuses, with the place and what to do, everything that [`Document::read`] refuses, and also what it only
    /// reports and an edit might get wrong: duplicate keys, keys that are no strings for Go, further documents,
    /// directives, lines that end with a lone carriage return.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let document = Self::read(text)?;
        gate::require_editable(&document)?;
        Ok(document)
    }

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

    /// Applies edits and returns the new text. Their paths and indices are those of this document; they are
    /// applied together.
    ///
    /// Before the text is returned, it is read back: its value must be this document's with the edits applied to
    /// it, and every line that no edit is about must be there as it was.
    ///
    /// # Errors
    ///
    /// Refuses, with what to do by hand: paths that are not there; what an anchor shares with other places; merge
    /// keys, unknown tags and `?` keys on the way; edits that overlap; and a result that is not the planned one.
    pub fn edit(&self, edits: &[Edit]) -> Result<String, Diagnostic> {
        self.edited(edits).map(|document| document.text)
    }

    /// As [`Document::edit`], the result read already.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, Diagnostic> {
        edit::apply(self, edits)
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
fn find_entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entries()?.iter().rev().find(|entry| entry.key.scalar() == Some(key))
}
