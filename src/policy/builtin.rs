//! The resources that the API server serves by itself, from the discovery data of its releases.
//!
//! What is not in the table is unknown, not wrong: it may come from a `CustomResourceDefinition` or an aggregated API
//! server. Where the table comes from stands at its head; `cargo xtask builtin` writes it, and `cargo xtask e2e builtin`
//! asks real API servers whether it is still true.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::policy::nearest::nearest;

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
    /// All that any release has.
    pub subresources: Vec<Subresource>,
}

/// A part of a resource with requests of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subresource {
    /// For example `scale`.
    pub name: &'static str,
    /// The kind of what is sent or answered, for example `Scale`.
    pub kind: &'static str,
    /// The minor versions that serve it.
    pub minors: RangeInclusive<u32>,
}

impl Builtin {
    /// The subresource with this name.
    #[must_use]
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|known| known.name == name)
    }
}

/// Whether a release that serves something in `minors` is 1.`minor`. A release newer than the table is taken for the newest
/// of it, and an older one for the oldest: nothing is known of them.
#[must_use]
pub fn is_served(minors: &RangeInclusive<u32>, minor: u32) -> bool {
    minors.contains(&minor.clamp(*COVERED.start(), *COVERED.end()))
}

/// The releases of the table.
static COVERED: LazyLock<RangeInclusive<u32>> = LazyLock::new(|| {
    let oldest = TABLE.iter().map(|known| *known.minors.start()).min().unwrap_or_default();
    let newest = TABLE.iter().map(|known| *known.minors.end()).max().unwrap_or_default();
    oldest..=newest
});

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

/// A line, as its head says.
fn parse(line: &'static str) -> Option<Builtin> {
    let or_empty = |word: &'static str| if word == "-" { "" } else { word };
    let list = |word: &'static str| or_empty(word).split(',').filter(|word| !word.is_empty());
    let mut words = line.split(' ');
    let mut next = || words.next();
    let (group, resource, kind, singular) = (or_empty(next()?), next()?, next()?, next()?);
    let is_namespaced = next()? == "namespaced";
    let minors = parse_minors(next()?)?;
    let short_names = list(next()?).collect();
    let subresource = |text: &'static str| {
        let (text, minors) = match text.split_once('@') {
            Some((text, minors)) => (text, parse_minors(minors)?),
            None => (text, minors.clone()),
        };
        let (name, kind) = text.split_once('=').unwrap_or((text, kind));
        Some(Subresource { name, kind, minors })
    };
    let subresources = list(next()?).map(subresource).collect::<Option<_>>()?;
    Some(Builtin { group, resource, kind, singular, is_namespaced, minors, short_names, subresources })
}

fn parse_minors(text: &str) -> Option<RangeInclusive<u32>> {
    let (oldest, newest) = text.split_once('-')?;
    Some(oldest.parse().ok()?..=newest.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("builtin.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().len(), lines);
        assert!(lines > 80);
        for known in all() {
            let is_within = |part: &Subresource| {
                known.minors.contains(part.minors.start()) && known.minors.contains(part.minors.end())
            };
            assert!(!known.minors.is_empty() && known.subresources.iter().all(is_within), "{known:?}");
        }
    }

    #[test]
    fn resources_are_found_by_every_name_that_kubectl_takes() {
        let group = |name: &str| named(name, None).first().map(|known| (known.group, known.resource));
        assert_eq!(group("po"), Some(("", "pods")));
        assert_eq!(group("Deployment"), Some(("apps", "deployments")));
        assert_eq!(group("ingresses"), Some(("networking.k8s.io", "ingresses")));
        assert_eq!(group("widgets"), None);
        assert_eq!(suggest("secrtes", ""), Some("secrets"));
    }

    #[test]
    fn the_table_knows_scopes_subresources_and_releases() {
        let pods = find("", "pods").unwrap();
        assert!(pods.is_namespaced && !find("", "nodes").unwrap().is_namespaced);
        assert_eq!(pods.subresource("exec").unwrap().kind, "PodExecOptions");
        assert_eq!(pods.subresource("status").unwrap().kind, "Pod");
        assert_eq!(pods.subresource("logs"), None);
        assert_eq!(find("extensions", "deployments").unwrap().minors, 12..=17);
        assert_eq!(find("apps", "deployments").unwrap().subresource("rollback").unwrap().minors, 12..=17);
        assert!(is_served(&(12..=17), 8) && is_served(&(12..=17), 17) && !is_served(&(12..=17), 18));
        assert!(is_served(&pods.minors, 99));
    }
}
