//! The tree of a document: every node with its exact position in the text.
//!
//! Offsets are bytes of the whole text, a byte order mark included. A text has at most 10 MiB, so 32 bits hold
//! them and a node stays small.

use std::ops::Range;

/// A node and its position in the text.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    pub(super) start: u32,
    pub(super) content: u32,
    pub(super) end: u32,
    /// Anchor and tag; boxed because few nodes have them.
    pub(super) properties: Option<Box<Properties>>,
}

/// What may precede a node's content: `&anchor` and `!tag`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// The number of the `&anchor`, unique in the document; aliases refer to it.
    pub anchor: Option<usize>,
    /// The tag, resolved: `!!str` reads `tag:yaml.org,2002:str`, `!local` stays `!local`.
    pub tag: Option<String>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A scalar, with its text as YAML reads it (unescaped, folded).
    Scalar(Box<str>, ScalarStyle),
    /// A sequence.
    Sequence(Vec<Item>, Style),
    /// A mapping, entries in the order of the text.
    Mapping(Vec<Entry>, Style),
    /// `*name`, with the number of the anchor it refers to.
    Alias(usize),
}

/// An item of a sequence.
#[derive(Debug, Clone)]
pub struct Item {
    /// The position of its `-`; in a flow sequence the start of the item.
    pub(super) dash: u32,
    /// The item.
    pub node: Node,
}

/// An entry of a mapping.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value; an empty plain scalar where nothing is written.
    pub value: Node,
    /// The position of its `:`, if it has one: `{a, b}` has none.
    pub(super) colon: Option<u32>,
    /// Whether the key is written with the `?` indicator.
    pub(super) explicit: bool,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes; also the empty scalar, where nothing is written.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Items or entries on their own lines, structured by indentation.
    Block,
    /// In brackets or braces; all of JSON.
    Flow,
    /// The mapping `a: b` as an item of a flow sequence, without braces of its own.
    Pair,
}

impl Node {
    /// The bytes of the node with anchor and tag, without comments and line endings around it. A block scalar includes its
    /// content lines, without the last line ending. An absent value (`key:`) has an empty range.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        offset(self.start)..offset(self.end)
    }

    /// The bytes of the node without anchor and tag.
    #[must_use]
    pub fn content(&self) -> Range<usize> {
        offset(self.content)..offset(self.end)
    }

    /// Its anchor and tag.
    #[must_use]
    pub fn properties(&self) -> Option<&Properties> {
        self.properties.as_deref()
    }

    /// Its tag, if it has one; see [`Properties::tag`].
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.properties.as_ref()?.tag.as_deref()
    }

    /// The number of its anchor, if it has one.
    #[must_use]
    pub fn anchor(&self) -> Option<usize> {
        self.properties.as_ref()?.anchor
    }

    /// The text of a scalar as YAML reads it, regardless of its type and style.
    #[must_use]
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Item]> {
        match &self.kind {
            Kind::Sequence(items, _) => Some(items),
            _ => None,
        }
    }

    /// The entries in the order of the text, if it is a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries, _) => Some(entries),
            _ => None,
        }
    }

    /// Whether the node is absent: the value of `key:`, or an empty document.
    pub(super) fn is_absent(&self) -> bool {
        self.start == self.end
            && matches!(&self.kind, Kind::Scalar(text, ScalarStyle::Plain) if text.is_empty())
    }

    /// Calls `visit` for this node and for everything below it, parents first, in the order of the text.
    pub(super) fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Self)) {
        visit(self);
        match &self.kind {
            Kind::Sequence(items, _) => items.iter().for_each(|item| item.node.walk(visit)),
            Kind::Mapping(entries, _) => {
                for entry in entries {
                    entry.key.walk(visit);
                    entry.value.walk(visit);
                }
            }
            Kind::Scalar(..) | Kind::Alias(_) => {}
        }
    }
}

impl Item {
    /// From its dash to its end.
    pub(super) fn span(&self) -> Range<usize> {
        let dash = offset(self.dash);
        dash..self.node.span().end.max(dash + 1)
    }
}

impl Entry {
    /// The first byte of the entry's key.
    pub(super) fn start(&self) -> usize {
        offset(self.key.start)
    }

    /// From its key to the end of its value.
    pub(super) fn span(&self) -> Range<usize> {
        self.start()..self.value.span().end.max(self.key.span().end)
    }
}

/// A stored offset as an index.
pub(super) fn offset(stored: u32) -> usize {
    // Lossless: kaudit has no target with 16-bit addresses.
    usize::try_from(stored).unwrap_or(usize::MAX)
}
