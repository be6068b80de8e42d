//! Rules cut into clauses: conditions all of which must hold.
//!
//! A rule is such a conjunction already, but for its resources, of which one entry is enough.

use std::collections::BTreeMap;

use crate::policy::model::{GroupResources, Policy, Rule};

/// A part of a rule. A request that meets all of its conditions is matched by the rule, and every request that the rule
/// matches meets those of one of its clauses. An empty list is no condition; of another list, one value is enough.
#[derive(Debug, Clone)]
pub(super) struct Clause<'p> {
    /// The index of the rule.
    pub(super) rule: usize,
    pub(super) users: &'p [String],
    pub(super) user_groups: &'p [String],
    pub(super) verbs: &'p [String],
    /// Whether only requests for resources meet it.
    pub(super) is_of_resources: bool,
    pub(super) namespaces: &'p [String],
    pub(super) api_groups: Vec<&'p String>,
    /// The patterns of resources.
    pub(super) resources: &'p [String],
    pub(super) names: &'p [String],
    /// The patterns of paths; only requests for paths meet them.
    pub(super) urls: &'p [String],
}

/// The clauses of all rules, in the order of the rules.
pub(super) fn clauses(policy: &Policy) -> impl Iterator<Item = Clause<'_>> {
    policy.rules.iter().enumerate().flat_map(|(index, rule)| clauses_of(rule, index))
}

fn clauses_of(rule: &Rule, index: usize) -> Vec<Clause<'_>> {
    let is_of_resources = !rule.namespaces.is_empty() || !rule.resources.is_empty();
    let clause = Clause {
        rule: index,
        users: &rule.users,
        user_groups: &rule.user_groups,
        verbs: &rule.verbs,
        is_of_resources,
        namespaces: &rule.namespaces,
        api_groups: Vec::new(),
        resources: &[],
        names: &[],
        // The API server does not look at the paths of a rule that names resources.
        urls: if is_of_resources { &[] } else { &rule.non_resource_urls },
    };
    if rule.resources.is_empty() {
        return vec![clause];
    }
    let with_entries =
        |((resources, names), api_groups)| Clause { api_groups, resources, names, ..clause.clone() };
    by_resources(&rule.resources).into_iter().map(with_entries).collect()
}

/// The groups for each list of resources and names, because many a rule names twenty groups and nothing else of them.
/// No groups stand for any.
fn by_resources(entries: &[GroupResources]) -> BTreeMap<(&[String], &[String]), Vec<&String>> {
    let mut found: BTreeMap<_, Vec<&String>> = BTreeMap::new();
    for entry in entries {
        let is_of_any = entry.resources.iter().any(|pattern| pattern == "*");
        // The API server does not look at the names of an entry without resources.
        let key: (&[String], &[String]) = match entry.resources.as_slice() {
            [] => (&[], &[]),
            _ if is_of_any => (&[], &entry.resource_names),
            resources => (resources, &entry.resource_names),
        };
        found.entry(key).or_default().push(&entry.group);
    }
    for groups in found.values_mut() {
        if groups.iter().any(|group| *group == "*") {
            groups.clear();
        }
    }
    found
}
