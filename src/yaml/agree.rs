//! The second reader: libyaml, the parser that go-yaml was translated from.
//!
//! Two parsers with different ancestors must find the same structure and the same text in every scalar. Where
//! they differ, YAML 1.1 and 1.2 differ, or one of them is wrong; either way nobody should edit that text.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::place::refuse_at;
use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, Position};

/// Checks that libyaml finds the tree `root` in `text`, whose byte order mark, if any, ends at `start`.
///
/// # Errors
///
/// Refuses with libyaml's own message if it cannot read the text, else with the first place of disagreement.
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
    // Either libyaml cannot read it at all, or it reads something else.
    let again = serde_yaml::Deserializer::from_str(body).next().map(IgnoredAny::deserialize);
    match again {
        Some(Err(error)) => Err(refuse_reading(text, &error)),
        _ => Err(disagreement(text, reached.get())),
    }
}

fn disagreement(text: &str, at: usize) -> Diagnostic {
    refuse_at(text, at, "readers of YAML disagree on what this says")
        .help("write it so that it is the same in YAML 1.1 and 1.2: put the text into double quotes")
}

fn refuse_reading(text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let refusal = Diagnostic::error(format!("this is not valid YAML for Kubernetes: {error}")).help(
        "correct the line; `kubectl create --dry-run=client -f FILE` shows what Kubernetes makes of it",
    );
    match error.location() {
        Some(place) => refusal.at(Position { line: place.line(), column: place.column() }, text),
        None => refusal,
    }
}

/// What is expected next, as a seed and as the visitor for it.
#[derive(Clone, Copy)]
struct Expected<'n> {
    node: &'n Node,
    /// Where the node that was compared last starts.
    reached: &'n Cell<usize>,
}

impl<'n> Expected<'n> {
    fn below(self, node: &'n Node) -> Self {
        Self { node, reached: self.reached }
    }

    /// Goes on only if the readers agree so far.
    fn require<E: serde::de::Error>(holds: bool) -> Result<(), E> {
        if holds { Ok(()) } else { Err(E::custom("the readers disagree")) }
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
            // Not followed: what it stands for is compared where it is written.
            Kind::Alias(_) => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ()),
        }
    }
}

impl<'de> Visitor<'de> for Expected<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the other reader found")
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
