//! A lossless YAML editor.
//!
//! A [`Document`] is a text with its tree of nodes and their positions, and with the value that Kubernetes' YAML library
//! (written in Go) reads from it. Two independent parsers must agree on every document.
//!
//! [`Document::read`] accepts every document that Kubernetes accepts and lists its anomalies. [`Document::parse`] is for
//! documents that will be edited: it refuses those that cannot be edited safely.
//!
//! Nothing here serialises a document: an edit replaces only the bytes that it has to.

mod agree;
mod anomaly;
mod check;
mod compose;
mod edit;
mod formatting;
mod limits;
mod lines;
mod nesting;
mod path;
mod position;
mod quote;
mod render;
mod scalar;
mod scan;
mod splice;
mod tree;
mod value;

use serde_json::Value;

pub use anomaly::{Anomaly, AnomalyKind};
pub use edit::Edit;
pub use limits::{MAX_BYTES, decode};
pub(crate) use nesting::{MAX_DEPTH_IN_GO, Nesting};
pub use path::{Path, Step};
pub(crate) use position::position_at;
pub use scalar::{Resolved, resolve};
pub use tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};

use crate::diagnostic::{Diagnostic, Position};

/// A YAML document: its text, its tree and its value.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    root: Node,
    value: Value,
    anomalies: Vec<Anomaly>,
}

impl Document {
    /// Reads a document that will be edited.
    ///
    /// # Errors
    ///
    /// Refuses, with position and help, everything that [`Document::read`] refuses, and also anomalies that make an edit
    /// unsafe: duplicate keys, keys that Go does not read as strings, further documents, directives, lines that end with
    /// a carriage return alone.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let document = Self::read(text)?;
        limits::require_editable(&document)?;
        Ok(document)
    }

    /// Reads the first document of `text` as Kubernetes does.
    ///
    /// A byte order mark, CRLF, JSON, anchors, merge keys and a missing final line end are accepted. An empty document
    /// has the value `null`.
    ///
    /// # Errors
    ///
    /// Refuses, with position and help: syntax errors, documents on which the two parsers disagree, more than
    /// [`MAX_BYTES`], nesting deeper than 100 levels, excessive aliasing, Unicode line breaks outside quotes, and what Go
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

    /// Applies all edits together and returns the new text. Their paths and indices are those of this document.
    ///
    /// Before the text is returned, it is read back: its value must be this document's value with the edits applied to
    /// it, and every line that no edit concerns must be unchanged.
    ///
    /// # Errors
    ///
    /// Refuses, with what to do by hand: paths that do not exist; nodes that an anchor shares with aliases; merge keys,
    /// unknown tags and `?` keys on the path; edits that overlap; and a result that differs from the planned one.
    pub fn edit(&self, edits: &[Edit]) -> Result<String, Diagnostic> {
        self.edited(edits).map(|document| document.text)
    }

    /// Same as [`Document::edit`], but returns the parsed result.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, Diagnostic> {
        edit::apply(self, edits)
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

/// What to do about a syntax error.
const SYNTAX_HELP: &str =
    "correct this line; `kubectl create --dry-run=client -f FILE` shows how Kubernetes reads the file";

/// The last entry of a mapping with this key.
fn find_entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entries()?.iter().rev().find(|entry| entry.key.scalar() == Some(key))
}
