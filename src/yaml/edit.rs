//! A change to a document.

use super::Path;
use serde_json::Value;

/// A change to a document. Paths and indices are those of the document before any edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Replaces the value at `path`. A scalar that replaces a scalar keeps its quoting style.
    Set {
        /// The value to replace.
        path: Path,
        /// The new value.
        value: Value,
    },
    /// Adds an item to a sequence. An absent value, `null` and `[]` count as empty sequences.
    Insert {
        /// The sequence.
        path: Path,
        /// The index of the new item, from 0; the length of the sequence to append. Several inserts at one index keep
        /// their order.
        index: usize,
        /// The item.
        value: Value,
    },
    /// Adds a key to a mapping, or replaces its value. An absent value, `null` and `{}` count as empty mappings. A new key
    /// is added in alphabetical order if the others are sorted, else at the end.
    Put {
        /// The mapping.
        path: Path,
        /// The key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Removes an item or a key, with its lines. A collection that becomes empty is written `[]` or `{}`.
    Remove {
        /// The item, or the value of the key.
        path: Path,
    },
}

impl Edit {
    /// The path of the node that is replaced, removed or, for an insertion, moved down.
    pub(super) fn target(&self) -> Path {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path.clone(),
            Self::Insert { path, index, .. } => path.clone().index(*index),
            Self::Put { path, key, .. } => path.clone().key(key.clone()),
        }
    }

    /// The path of the deepest node that the edit requires.
    pub(super) fn base(&self) -> &Path {
        match self {
            Self::Set { path, .. }
            | Self::Remove { path }
            | Self::Insert { path, .. }
            | Self::Put { path, .. } => path,
        }
    }
}
