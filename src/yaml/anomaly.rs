//! Unusual properties of a document that Kubernetes reads all the same.

/// An unusual property and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// Its byte offset in the text; [`super::Document::position_at`] converts it.
    pub at: usize,
}

/// The kinds of unusual properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyKind {
    /// The mapping already has this key. Go uses the last value, or rejects the file when it decodes strictly.
    DuplicateKey {
        /// The key.
        key: String,
        /// The byte offset of its first occurrence.
        first: usize,
    },
    /// The mapping already has this key, and one of the two comes from a merge key. Go uses the last value, or rejects the
    /// file when it decodes strictly.
    OverriddenKey {
        /// The key.
        key: String,
        /// The byte offset of its first occurrence, or of the merge key that it comes from.
        first: usize,
    },
    /// An unquoted key that Go reads as a boolean or a number: `on` becomes `true`.
    NonStringKey {
        /// The key as it is written.
        written: String,
    },
    /// A second document with content. Go silently reads only the first one.
    FurtherDocument,
    /// A line like `%YAML 1.1` before the document.
    Directive,
    /// `<<`: the keys of another mapping are merged into this one.
    MergeKey,
    /// A scalar with a tag.
    Tag {
        /// The tag, resolved.
        tag: String,
    },
}
