//! Paths from the root of a document to its nodes.

use std::fmt;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The value of this key of a mapping.
    Key(String),
    /// The item of a sequence with this index, from 0.
    Index(usize),
}

/// The path from the root of a document to a node; printed as `spec.containers[0].command[3]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The document's root node.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// This path, extended to the value of `key`.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// This path, extended to the item `index`, from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of the collection that contains this node, and the last step; `None` for the root.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Step)> {
        self.0.split_last().map(|(last, parent)| (Self(parent.to_vec()), last))
    }

    /// Whether `self` is `ancestor` or below it.
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.0.starts_with(&ancestor.0)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the document");
        }
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                // A key with characters that are punctuation of paths is quoted, as in JSONPath.
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', ' ', '/']) => {
                    write!(f, "[{key:?}]")?;
                }
                Step::Key(key) if depth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_printed_in_jsonpath_notation() {
        let command = Path::root().key("spec").key("containers").index(0).key("command").index(3);
        assert_eq!(command.to_string(), "spec.containers[0].command[3]");
        let annotation = Path::root().key("metadata").key("annotations").key("kaudit.dev/config-sha256");
        assert_eq!(annotation.to_string(), r#"metadata.annotations["kaudit.dev/config-sha256"]"#);
        assert_eq!(Path::root().to_string(), "the document");
    }

    #[test]
    fn splits_into_parent_and_step() {
        let path = Path::root().key("a").index(1);
        assert_eq!(path.split_last(), Some((Path::root().key("a"), &Step::Index(1))));
        assert_eq!(Path::root().split_last(), None);
        assert!(path.starts_with(&Path::root().key("a")));
        assert!(!path.starts_with(&Path::root().key("b")));
    }
}
