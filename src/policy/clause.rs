//! Rules cut into clauses: conditions all of which must hold.
//!
//! A rule is such a conjunction already, but for its resources, of which one entry is enough.

use std::collections::HashMap;

use crate::policy::model::{GroupResources, Rule};

/// A part of a rule. A request that meets all of its conditions is matched by the rule, and every request that the rule
/// matches meets those of one of its clauses. An empty list is no condition; of another list, one value is enough.
#[derive(Debug, Clone, Default)]
pub(super) struct Clause<'p> {
    pub(super) users: Vec<&'p str>,
    pub(super) user_groups: Vec<&'p str>,
    pub(super) verbs: Vec<&'p str>,
    /// Whether only requests for resources meet it.
    pub(super) is_of_resources: bool,
    pub(super) namespaces: Vec<&'p str>,
    pub(super) api_groups: Vec<&'p str>,
    /// The patterns of resources.
    pub(super) resources: Vec<&'p str>,
    pub(super) names: Vec<&'p str>,
    /// The patterns of paths; only requests for paths meet them.
    pub(super) urls: Vec<&'p str>,
}

/// The clauses of the rule.
pub(super) fn clauses(rule: &Rule) -> Vec<Clause<'_>> {
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
    let with =
        |Entries { resources, names, api_groups }| Clause { api_groups, resources, names, ..clause.clone() };
    by_resources(&rule.resources).into_iter().map(with).collect()
}

fn texts(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

/// Entries that name the same resources and objects.
struct Entries<'p> {
    resources: Vec<&'p str>,
    names: Vec<&'p str>,
    /// No groups stand for any.
    api_groups: Vec<&'p str>,
}

/// The entries in the order of the rule, with one for those that differ only in the group: many a rule names twenty groups
/// and nothing else of them.
fn by_resources(entries: &[GroupResources]) -> Vec<Entries<'_>> {
    let mut places = HashMap::new();
    let mut found: Vec<Entries<'_>> = Vec::new();
    for entry in entries {
        let is_of_any = entry.resources.iter().any(|pattern| pattern == "*");
        let (resources, names) = match texts(&entry.resources) {
            // The API server does not look at the names of an entry without resources.
            resources if resources.is_empty() => (Vec::new(), Vec::new()),
            _ if is_of_any => (Vec::new(), texts(&entry.resource_names)),
            resources => (resources, texts(&entry.resource_names)),
        };
        let place = *places.entry((resources.clone(), names.clone())).or_insert(found.len());
        match found.get_mut(place) {
            Some(same) => same.api_groups.push(&entry.group),
            None => found.push(Entries { resources, names, api_groups: vec![&entry.group] }),
        }
    }
    for entries in &mut found {
        if entries.api_groups.contains(&"*") {
            entries.api_groups.clear();
        }
    }
    found
}
