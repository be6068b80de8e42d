//! The second parser: libyaml, from which go-yaml was translated.
//!
//! Two independent parsers must find the same structure and the same text in every scalar. Where they disagree, YAML 1.1
//! and 1.2 differ, or one parser has a bug; in both cases it is not safe to edit the document.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::position::{SYNTAX_HELP, refuse_at};
use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, Position};

/// Checks that libyaml finds the tree `root` in `text`, whose byte order mark, if any, ends at `start`.
///
/// # Errors
///
/// Refuses with libyaml's own message if it cannot parse the text, else with the first position of disagreement.
pub(super) fn require_agreement(text: &str, start: usize, root: &Node) -> Result<(), Diagnostic> {
    let body = text.get(start..).unwrap_or_default();
    let Some(first) = serde_yaml::Deserializer::from_str(body).next() else {
        return Err(disagreement(text, root.span().start));
    };
    if root.is_absent() && root.properties().is_none() {
        // libyaml has no event for a document without content.
        return match serde_yaml::Value::deserialize(first) {
            Ok(serde_yaml::Value::Null) => Ok(()),
            Ok(_) => Err(disagreement(text, root.span().start)),
            Err(error) => Err(refuse_reading(text, &error)),
        };
    }
    let reached = Cell::new(root.span().start);
    if (Expected { node: root, reached: &reached }).deserialize(first).is_ok() {
        return Ok(());
    }
    // Either libyaml cannot parse it at all, or it finds something else.
    let again = serde_yaml::Deserializer::from_str(body).next().map(IgnoredAny::deserialize);
    match again {
        Some(Err(error)) => Err(refuse_reading(text, &error)),
        _ => Err(disagreement(text, reached.get())),
    }
}

fn disagreement(text: &str, at: usize) -> Diagnostic {
    refuse_at(text, at, "YAML parsers disagree on this document").help(
        "write this part so that YAML 1.1 and 1.2 read it in the same way, for example in double quotes",
    )
}

fn refuse_reading(text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let refusal =
        Diagnostic::error(format!("this is not valid YAML for Kubernetes: {error}")).help(SYNTAX_HELP);
    match error.location() {
        Some(place) => refusal.at(Position { line: place.line(), column: place.column() }, text),
        None => refusal,
    }
}

/// What is expected next, as a seed and as the visitor for it.
#[derive(Clone, Copy)]
struct Expected<'n> {
    node: &'n Node,
    /// The start of the node that was compared last.
    reached: &'n Cell<usize>,
}

impl<'n> Expected<'n> {
    fn below(self, node: &'n Node) -> Self {
        Self { node, reached: self.reached }
    }

    /// Stops at the first disagreement.
    fn require<E: serde::de::Error>(holds: bool) -> Result<(), E> {
        if holds { Ok(()) } else { Err(E::custom("the parsers disagree")) }
    }
}

impl<'de> DeserializeSeed<'de> for Expected<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.reached.set(self.node.span().start);
        match &self.node.kind {
            Kind::Scalar(..) => deserializer.deserialize_str(self),
            Kind::Sequence(..) => deserializer.deserialize_seq(self),
            Kind::Mapping(..) => deserializer.deserialize_map(self),
            // Not followed: the anchored node is compared where it is written.
            Kind::Alias(_) => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ()),
        }
    }
}

impl<'de> Visitor<'de> for Expected<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the other parser found")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        Self::require(self.node.scalar() == Some(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        for item in self.node.items().unwrap_or_default() {
            let found = sequence.next_element_seed(self.below(&item.node))?;
            Self::require(found.is_some())?;
        }
        let more = sequence.next_element::<IgnoredAny>()?;
        Self::require(more.is_none())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<(), A::Error> {
        for entry in self.node.entries().unwrap_or_default() {
            let found = mapping.next_key_seed(self.below(&entry.key))?;
            Self::require(found.is_some())?;
            mapping.next_value_seed(self.below(&entry.value))?;
        }
        let more = mapping.next_key::<IgnoredAny>()?;
        Self::require(more.is_none())
    }
}
