//! The resources that the API server serves by itself, from the discovery data of its releases.
//!
//! What is not in the table is unknown, not wrong: it may come from a `CustomResourceDefinition` or an aggregated API
//! server. Where the table comes from stands at its head.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::policy::validate::nearest;

/// A resource that the API server serves by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builtin {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Plural name in lower case.
    pub resource: &'static str,
    /// For example `Pod`.
    pub kind: &'static str,
    /// For example `pod`.
    pub singular: &'static str,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// The minor versions that serve it in this group.
    pub minors: RangeInclusive<u32>,
    /// For example `po`.
    pub short_names: Vec<&'static str>,
    /// For example `log`.
    pub subresources: Vec<&'static str>,
}

static TABLE: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
    include_str!("builtin.txt").lines().filter(|line| !line.starts_with('#')).filter_map(parse).collect()
});

/// All of them, by group and name.
#[must_use]
pub fn all() -> &'static [Builtin] {
    &TABLE
}

/// The resource with this plural name in this group.
#[must_use]
pub fn find(group: &str, resource: &str) -> Option<&'static Builtin> {
    TABLE.iter().find(|known| known.group == group && known.resource == resource)
}

/// The groups in which there is a resource with this plural name.
#[must_use]
pub fn groups_of(resource: &str) -> Vec<&'static Builtin> {
    TABLE.iter().filter(|known| known.resource == resource).collect()
}

/// Whether the API server itself serves resources of this group.
#[must_use]
pub fn has_group(group: &str) -> bool {
    TABLE.iter().any(|known| known.group == group)
}

/// What a person may call a resource: its plural, singular, kind or short name, whatever the case. The group must be
/// the given one, where one is given; of several, newer groups come first (`apps` before `extensions`).
#[must_use]
pub fn named(name: &str, group: Option<&str>) -> Vec<&'static Builtin> {
    let name = name.to_lowercase();
    let is_called = |known: &&Builtin| {
        known.resource == name
            || known.singular == name
            || known.kind.to_lowercase() == name
            || known.short_names.contains(&name.as_str())
    };
    let of_group = |known: &&Builtin| group.is_none_or(|group| known.group == group);
    let mut found: Vec<_> = TABLE.iter().filter(of_group).filter(is_called).collect();
    found.sort_by_key(|known| std::cmp::Reverse(*known.minors.end()));
    found
}

/// The resource of the group whose name is so near to `name` that it was probably meant.
#[must_use]
pub fn suggest(name: &str, group: &str) -> Option<&'static str> {
    nearest(name, TABLE.iter().filter(|known| known.group == group).map(|known| known.resource))
}

fn parse(line: &'static str) -> Option<Builtin> {
    let or_empty = |word: &'static str| if word == "-" { "" } else { word };
    let list = |word: &'static str| or_empty(word).split(',').filter(|word| !word.is_empty()).collect();
    let mut words = line.split(' ');
    let mut next = || words.next();
    let (group, resource, kind, singular) = (or_empty(next()?), next()?, next()?, next()?);
    let is_namespaced = next()? == "namespaced";
    let (oldest, newest) = next()?.split_once('-')?;
    let minors = oldest.parse().ok()?..=newest.parse().ok()?;
    let (short_names, subresources) = (list(next()?), list(next()?));
    Some(Builtin { group, resource, kind, singular, is_namespaced, minors, short_names, subresources })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("builtin.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().len(), lines);
        assert!(lines > 80);
    }

    #[test]
    fn resources_are_found_by_every_name_that_kubectl_takes() {
        let group = |name: &str| named(name, None).first().map(|known| (known.group, known.resource));
        assert_eq!(group("po"), Some(("", "pods")));
        assert_eq!(group("Deployment"), Some(("apps", "deployments")));
        assert_eq!(group("ingresses"), Some(("networking.k8s.io", "ingresses")));
        assert_eq!(group("widgets"), None);
        assert_eq!(suggest("secrtes", ""), Some("secrets"));
        let pods = find("", "pods").unwrap();
        assert!(pods.is_namespaced && pods.subresources.contains(&"exec"));
        assert!(!find("", "nodes").unwrap().is_namespaced);
        assert_eq!(find("extensions", "deployments").unwrap().minors, 12..=17);
    }
}
