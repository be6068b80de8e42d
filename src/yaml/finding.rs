//! What is remarkable about a document that Go reads nevertheless.

/// Something remarkable and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The byte of the text where it is; [`super::Document::position_at`] makes a position of it.
    pub at: usize,
}

/// What may be remarkable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingKind {
    /// The key stands in this mapping before; Go takes the last value, or refuses the file if it reads strictly.
    DuplicateKey {
        /// The key.
        key: String,
        /// The byte where it stands first.
        first: usize,
    },
    /// The key is in this mapping before, and one of the two comes from a merge key; Go takes the last value, or refuses
    /// the file if it reads strictly.
    OverriddenKey {
        /// The key.
        key: String,
        /// The byte where it, or the merge key that it comes from, stands first.
        first: usize,
    },
    /// An unquoted key that is a boolean or a number for Go, which makes `true` of `on`.
    NonStringKey {
        /// The key as it is written.
        written: String,
    },
    /// A second document with content. Go reads the first one only, and says nothing.
    FurtherDocument,
    /// A line like `%YAML 1.1` before the document.
    Directive,
    /// `<<`: the keys of another mapping are set here.
    MergeKey,
    /// A scalar with a tag.
    Tag {
        /// The tag, resolved.
        tag: String,
    },
}
