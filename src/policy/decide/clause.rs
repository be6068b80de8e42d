//! Splits rules into clauses: conditions that must all hold.
//!
//! A rule is such a conjunction, except for its resources: one matching entry is enough.

use std::collections::HashMap;

use crate::policy::model::{GroupResources, Rule};

/// A part of a rule. The rule matches a request if and only if the request meets all conditions of one of its clauses.
/// An empty list means that there is no condition; otherwise one matching value is enough.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Clause<'p> {
    pub(in crate::policy) users: Vec<&'p str>,
    pub(in crate::policy) user_groups: Vec<&'p str>,
    pub(in crate::policy) verbs: Vec<&'p str>,
    /// Whether only requests for resources can meet it.
    pub(in crate::policy) is_of_resources: bool,
    pub(in crate::policy) namespaces: Vec<&'p str>,
    pub(in crate::policy) api_groups: Vec<&'p str>,
    /// The patterns for resources.
    pub(in crate::policy) resources: Vec<&'p str>,
    pub(in crate::policy) names: Vec<&'p str>,
    /// The patterns for paths; only requests for paths can meet them.
    pub(in crate::policy) urls: Vec<&'p str>,
}

/// An upper bound for the number of values in all clauses of the rule; each clause repeats those of its rule.
pub(in crate::policy) fn count_values(rule: &Rule) -> usize {
    let lists = [&rule.users, &rule.user_groups, &rule.verbs, &rule.namespaces, &rule.non_resource_urls];
    let of_rule: usize = lists.into_iter().map(Vec::len).sum();
    let of_entries =
        rule.resources.iter().map(|entry| 1 + entry.resources.len() + entry.resource_names.len());
    of_rule.saturating_mul(rule.resources.len().max(1)).saturating_add(of_entries.sum())
}

/// The clauses of the rule.
pub(in crate::policy) fn clauses(rule: &Rule) -> Vec<Clause<'_>> {
    let is_of_resources = !rule.namespaces.is_empty() || !rule.resources.is_empty();
    let mut clause = Clause {
        users: texts(&rule.users),
        user_groups: texts(&rule.user_groups),
        verbs: texts(&rule.verbs),
        is_of_resources,
        namespaces: texts(&rule.namespaces),
        ..Clause::default()
    };
    // The API server does not look at the paths of a rule that names resources.
    if !is_of_resources {
        clause.urls = texts(&rule.non_resource_urls);
    }
    if rule.resources.is_empty() {
        return vec![clause];
    }
    let with = |entries| {
        let mut of_entries = clause.clone();
        of_entries.set_entries(entries);
        of_entries
    };
    by_resources(&rule.resources).into_iter().map(with).collect()
}

impl<'p> Clause<'p> {
    /// The number of values in all conditions.
    pub(in crate::policy) fn values(&self) -> usize {
        let one = [&self.users, &self.user_groups, &self.verbs, &self.namespaces];
        let more = [&self.api_groups, &self.resources, &self.names, &self.urls];
        one.into_iter().chain(more).map(Vec::len).sum()
    }

    /// Restricts the clause to requests for these resources.
    pub(in crate::policy) fn set_entries(&mut self, entries: Entries<'p>) {
        let Entries { resources, names, api_groups } = entries;
        (self.resources, self.names, self.api_groups) = (resources, names, api_groups);
    }
}

fn texts(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

/// Entries with the same resources and object names, as conditions: an empty list means that there is no condition.
pub(in crate::policy) struct Entries<'p> {
    pub(in crate::policy) resources: Vec<&'p str>,
    pub(in crate::policy) names: Vec<&'p str>,
    pub(in crate::policy) api_groups: Vec<&'p str>,
}

impl<'p> Entries<'p> {
    /// The conditions of one entry.
    pub(in crate::policy) fn of(entry: &'p GroupResources) -> Self {
        // The API server does not look at the names of an entry without resources.
        let has_names = !entry.resources.is_empty();
        Self {
            resources: Self::patterns(&entry.resources),
            names: if has_names { texts(&entry.resource_names) } else { Vec::new() },
            api_groups: if entry.group == "*" { Vec::new() } else { vec![&entry.group] },
        }
    }

    /// The condition that is equivalent to these patterns.
    pub(in crate::policy) fn patterns(patterns: impl IntoIterator<Item = &'p String>) -> Vec<&'p str> {
        let patterns: Vec<&str> = patterns.into_iter().map(String::as_str).collect();
        if patterns.contains(&"*") { Vec::new() } else { patterns }
    }
}

/// The entries in the order of the rule; entries that differ only in the group are merged, because some rules list
/// twenty groups and nothing else.
fn by_resources(entries: &[GroupResources]) -> Vec<Entries<'_>> {
    let mut places = HashMap::new();
    let mut found: Vec<Entries<'_>> = Vec::new();
    for entry in entries.iter().map(Entries::of) {
        let place = *places.entry((entry.resources.clone(), entry.names.clone())).or_insert(found.len());
        match found.get_mut(place) {
            // An entry without groups matches any group already.
            Some(same) if same.api_groups.is_empty() => {}
            Some(same) if entry.api_groups.is_empty() => same.api_groups.clear(),
            Some(same) => same.api_groups.extend(entry.api_groups),
            None => found.push(entry),
        }
    }
    found
}
