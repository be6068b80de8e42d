//! A change that is asked of a document.

use super::Path;
use serde_json::Value;

/// A change of a document. Paths and indices are those of the document before any edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Replaces the value at `path`. A scalar that is replaced by another keeps its quotes.
    Set {
        /// The value to replace.
        path: Path,
        /// What to put there.
        value: Value,
    },
    /// Adds an item to a sequence. Nothing, `null` and `[]` count as empty sequences.
    Insert {
        /// The sequence.
        path: Path,
        /// The item before which it goes, from 0; the length of the sequence to append. Several inserts at one
        /// index keep their order.
        index: usize,
        /// The item.
        value: Value,
    },
    /// Adds a key to a mapping, or replaces its value. Nothing, `null` and `{}` count as empty mappings. A new key
    /// goes to its place in the alphabet if the others are in that order, else to the end.
    Put {
        /// The mapping.
        path: Path,
        /// The key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Removes an item or a key, with its lines. What becomes empty is written `[]` or `{}`.
    Remove {
        /// The item, or the value of the key.
        path: Path,
    },
}

impl Edit {
    /// The node that is replaced, removed or, for an insertion, moved further down.
    pub(super) fn target(&self) -> Path {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path.clone(),
            Self::Insert { path, index, .. } => path.clone().index(*index),
            Self::Put { path, key, .. } => path.clone().key(key.clone()),
        }
    }

    /// The deepest node that must be there for the edit to make sense.
    pub(super) fn anchorage(&self) -> &Path {
        match self {
            Self::Set { path, .. }
            | Self::Remove { path }
            | Self::Insert { path, .. }
            | Self::Put { path, .. } => path,
        }
    }
}
