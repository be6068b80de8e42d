//! Tables from a value to the clauses that take it.
//!
//! A set of at most 64 clauses is a `u64`, with a bit for each.

use rustc_hash::FxHashMap;

/// The clauses by the values that they name, for attributes compared by equality.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Values {
    /// The clauses that name values; all other clauses take every value.
    conditional: u64,
    named: FxHashMap<Box<str>, u64>,
}

impl Values {
    /// Restricts the clause to these values; without values, the clause is not restricted.
    pub(in crate::policy) fn add(&mut self, values: &[&str], clause: u64) {
        for value in values {
            self.conditional |= clause;
            add(&mut self.named, value, clause);
        }
    }

    /// The clauses that name values.
    pub(in crate::policy) fn conditional(&self) -> u64 {
        self.conditional
    }

    /// The clauses of `live` that take one of the values.
    pub(in crate::policy) fn keep<'v>(&self, live: u64, values: impl IntoIterator<Item = &'v str>) -> u64 {
        if live & self.conditional == 0 {
            return live;
        }
        let takes = |value: &str| self.named.get(value).copied().unwrap_or_default();
        live & values.into_iter().fold(!self.conditional, |taking, value| taking | takes(value))
    }
}

/// The clauses by their resource patterns.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Resources {
    conditional: u64,
    by_resource: FxHashMap<Box<str>, OfResource>,
    /// The clauses with `*/subresource`.
    by_subresource: FxHashMap<Box<str>, u64>,
    /// The patterns with several slashes, which no request of an API server matches.
    odd: Vec<(Box<str>, u64)>,
}

/// The clauses that name one resource.
#[derive(Debug, Clone, Default)]
struct OfResource {
    /// The clauses with `resource`.
    alone: u64,
    /// The clauses with `resource/*`, which also takes the resource itself.
    with_any: u64,
    /// The clauses with `resource/subresource`.
    with: FxHashMap<Box<str>, u64>,
}

impl Resources {
    /// Restricts the clause to what these patterns match; without patterns, the clause is not restricted. No pattern
    /// may be `*`.
    pub(in crate::policy) fn add(&mut self, patterns: &[&str], clause: u64) {
        for pattern in patterns {
            self.conditional |= clause;
            self.of(pattern).alone |= clause;
            if let Some(resource) = pattern.strip_suffix("/*") {
                self.of(resource).with_any |= clause;
            }
            if let Some(subresource) = pattern.strip_prefix("*/") {
                add(&mut self.by_subresource, subresource, clause);
            }
            if let Some((resource, subresource)) = pattern.split_once('/') {
                if subresource.contains('/') {
                    self.odd.push(((*pattern).into(), clause));
                } else {
                    add(&mut self.of(resource).with, subresource, clause);
                }
            }
        }
    }

    fn of(&mut self, resource: &str) -> &mut OfResource {
        self.by_resource.entry(resource.into()).or_default()
    }

    /// The clauses of `live` that take the resource; an empty subresource is the resource itself.
    pub(in crate::policy) fn keep(&self, live: u64, resource: &str, subresource: &str) -> u64 {
        if live & self.conditional == 0 {
            return live;
        }
        let mut taking = !self.conditional;
        let of_resource = self.by_resource.get(resource);
        if subresource.is_empty() {
            taking |= of_resource.map_or(0, |of| of.alone | of.with_any);
        } else {
            let with = |of: &OfResource| of.with_any | of.with.get(subresource).copied().unwrap_or_default();
            taking |= of_resource.map_or(0, with);
            taking |= self.by_subresource.get(subresource).copied().unwrap_or_default();
            let is_whole = |pattern: &str| {
                let rest = pattern.strip_prefix(resource).and_then(|rest| rest.strip_prefix('/'));
                rest == Some(subresource)
            };
            taking |= self.odd.iter().filter(|(pattern, _)| is_whole(pattern)).fold(0, |all, it| all | it.1);
        }
        live & taking
    }
}

/// The clauses by their path patterns.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Paths {
    conditional: u64,
    whole: FxHashMap<Box<str>, u64>,
    /// The prefixes before a final star.
    prefixes: Vec<(Box<str>, u64)>,
}

impl Paths {
    /// Restricts the clause to what these patterns match; without patterns, the clause is not restricted.
    pub(in crate::policy) fn add(&mut self, patterns: &[&str], clause: u64) {
        for pattern in patterns {
            self.conditional |= clause;
            if pattern.ends_with('*') {
                self.prefixes.push((pattern.trim_end_matches('*').into(), clause));
            } else {
                add(&mut self.whole, pattern, clause);
            }
        }
    }

    /// The clauses that name paths.
    pub(in crate::policy) fn conditional(&self) -> u64 {
        self.conditional
    }

    /// The clauses of `live` that take the path.
    pub(in crate::policy) fn keep(&self, live: u64, path: &str) -> u64 {
        if live & self.conditional == 0 {
            return live;
        }
        let whole = self.whole.get(path).copied().unwrap_or_default();
        let prefixes = self.prefixes.iter().filter(|(prefix, _)| path.starts_with(&**prefix));
        live & prefixes.fold(!self.conditional | whole, |taking, (_, clauses)| taking | clauses)
    }
}

fn add(named: &mut FxHashMap<Box<str>, u64>, value: &str, clause: u64) {
    *named.entry(value.into()).or_default() |= clause;
}
