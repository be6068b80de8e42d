//! The values that stand for all values of an attribute, and the ways in which a pattern of `resources` matches.

use std::collections::BTreeSet;

use crate::policy::model::Rule;

/// The verbs of requests for resources; the verb for anything else is the first that no rule mentions.
pub(super) const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// Nobody without a user is in a list of users or in a group.
pub(super) fn without_first(mut atoms: Vec<bool>) -> Vec<bool> {
    if let Some(first) = atoms.first_mut() {
        *first = false;
    }
    atoms
}

/// The mentioned values, and as the last one a value that is none of them.
pub(super) fn with_other(mentioned: BTreeSet<String>, usual: &[&str]) -> Vec<String> {
    let other = usual.iter().find(|value| !mentioned.contains(**value)).map_or_else(
        || {
            let mut other = "other".to_owned();
            while mentioned.contains(&other) {
                other.push('x');
            }
            other
        },
        |value| (*value).to_owned(),
    );
    mentioned.into_iter().chain([other]).collect()
}

/// For every pattern a path that it matches and that no pattern with a longer prefix tells apart, and a path that only
/// `*` matches. All of them begin with a slash, as every path of a request does.
pub(super) fn path_atoms<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<String> {
    let patterns: BTreeSet<&str> = rules
        .flat_map(|rule| &rule.non_resource_urls)
        .map(String::as_str)
        .filter(|url| *url != "*")
        .collect();
    let mut fresh = "other".to_owned();
    while patterns.iter().any(|pattern| pattern.contains(&fresh)) {
        fresh.push('x');
    }
    let mut atoms = BTreeSet::new();
    for pattern in &patterns {
        let prefix = pattern.trim_end_matches('*');
        // What stands for the prefix must not be a path that another pattern names.
        let is_named = pattern.ends_with('*') && patterns.contains(prefix);
        atoms.insert(if is_named { format!("{prefix}{fresh}") } else { prefix.to_owned() });
    }
    let other = format!("/{fresh}");
    atoms.remove(&other);
    atoms.into_iter().chain([other]).collect()
}

/// One of the ways in which a pattern of `resources` matches; `None` is any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape<'p> {
    pub(super) resource: Option<&'p str>,
    pub(super) subresource: Option<&'p str>,
}

/// All ways in which a pattern matches. The empty subresource is none.
pub(super) fn shapes(pattern: &str) -> Vec<Shape<'_>> {
    if pattern == "*" {
        return vec![Shape { resource: None, subresource: None }];
    }
    let Some((resource, subresource)) = pattern.split_once('/') else {
        let shape = Shape { resource: Some(pattern), subresource: Some("") };
        return if pattern.is_empty() { Vec::new() } else { vec![shape] };
    };
    if resource.is_empty() || subresource.is_empty() || subresource.contains('/') {
        return Vec::new();
    }
    // The wider ones first, so that examples come from them.
    let mut found = Vec::new();
    if resource == "*" {
        found.push(Shape { resource: None, subresource: Some(subresource) });
    }
    if subresource == "*" {
        found.push(Shape { resource: Some(resource), subresource: None });
    }
    found.push(Shape { resource: Some(resource), subresource: Some(subresource) });
    found
}
