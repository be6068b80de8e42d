//! Values that represent all unmentioned values, and the ways in which a pattern matches.

use std::collections::BTreeSet;

/// A value that is not mentioned: preferably one of the usual ones.
pub(super) fn other(mentioned: &BTreeSet<&str>, usual: &[&str]) -> String {
    if let Some(value) = usual.iter().find(|value| !mentioned.contains(**value)) {
        return (*value).to_owned();
    }
    fresh(mentioned)
}

/// A text that is not contained in any of the values.
pub(super) fn fresh(values: &BTreeSet<&str>) -> String {
    let rests = values.iter().flat_map(|value| value.split("other").skip(1));
    let longest = rests.map(|rest| rest.len() - rest.trim_start_matches('x').len()).max();
    format!("other{}", "x".repeat(longest.map_or(0, |longest| longest + 1)))
}

/// A set of resources with their subresources; the empty subresource is the resource itself. In a pattern, `None` is
/// any value; in a request, it is a value that no pattern mentions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Shape<'p> {
    pub(super) resource: Option<&'p str>,
    pub(super) subresource: Option<&'p str>,
}

impl Shape<'_> {
    /// The intersection of both.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            resource: both(self.resource, other.resource)?,
            subresource: both(self.subresource, other.subresource)?,
        })
    }
}

#[expect(clippy::option_option, reason = "no value is in both, or any is")]
fn both<'p>(one: Option<&'p str>, other: Option<&'p str>) -> Option<Option<&'p str>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => Some(one.or(other)),
    }
}

/// What a pattern of `resources` matches.
pub(super) fn shapes(pattern: &str) -> Vec<Shape<'_>> {
    if pattern == "*" {
        return vec![Shape::default()];
    }
    let Some((resource, subresource)) = pattern.split_once('/') else {
        let shape = Shape { resource: Some(pattern), subresource: Some("") };
        return if pattern.is_empty() { Vec::new() } else { vec![shape] };
    };
    if resource.is_empty() || subresource.is_empty() || subresource.contains('/') {
        return Vec::new();
    }
    let of_any = Shape { resource: None, subresource: Some(subresource) };
    let with_any = Shape { resource: Some(resource), subresource: None };
    match (resource, subresource) {
        // Not a wildcard in both: one of them matches the literal star.
        ("*", "*") => vec![of_any, with_any],
        ("*", _) => vec![of_any],
        (_, "*") => vec![with_any],
        _ => vec![Shape { resource: Some(resource), subresource: Some(subresource) }],
    }
}
