//! Resources against the table of what the API server serves by itself.

use crate::policy::builtin::{self, Builtin};
use crate::policy::lint::catalogue;
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::load::go;
use crate::policy::model::{GroupResources, Policy, Rule};
use crate::yaml::Path;
use std::ops::RangeInclusive;

/// Looks at every resource of every rule.
pub(super) fn check(policy: &Policy, minor: u32, found: &mut Found<'_>) {
    for (rule_index, rule) in policy.rules.iter().enumerate() {
        for (index, entry) in rule.resources.iter().enumerate() {
            let path = path_of_rule(rule_index).key("resources").index(index);
            let item = Item { rule, entry, minor };
            for (index, pattern) in item.entry.resources.iter().enumerate() {
                item.check_pattern(pattern, path.clone().key("resources").index(index), found);
            }
        }
    }
}

/// An item of a rule's `resources`.
struct Item<'p> {
    rule: &'p Rule,
    entry: &'p GroupResources,
    minor: u32,
}

impl Item<'_> {
    fn group(&self) -> &str {
        &self.entry.group
    }

    fn check_pattern(&self, pattern: &str, path: Path, found: &mut Found<'_>) {
        if pattern == "*" {
            return;
        }
        if let Some(fix) = correct_form(pattern) {
            let message = format!("{} matches no request", go::quote(pattern));
            return found.add_with(catalogue::STAR_IN_RESOURCE, path, message, fix);
        }
        let (resource, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
        if resource == "*" {
            return self.check_part_of_any(subresource, path, found);
        }
        if self.group() == "*" {
            if resource.chars().any(char::is_uppercase) {
                self.report_upper_case(resource, subresource, path, found);
            }
            return;
        }
        let Some(known) = builtin::find(self.group(), resource) else {
            return self.check_unknown(resource, subresource, path, found);
        };
        if subresource.is_empty() || subresource == "*" {
            self.check_served(&known.minors, known, known.resource, &path, found);
        } else if let Some(part) = known.subresource(subresource) {
            self.check_served(&part.minors, known, pattern, &path, found);
        } else {
            let message = format!("{} have no subresource {}", known.resource, go::quote(subresource));
            let is_served = |part: &&builtin::Subresource| builtin::is_served(&part.minors, self.minor);
            let names: Vec<&str> =
                known.subresources.iter().filter(is_served).map(|part| part.name).collect();
            let fix = match names.as_slice() {
                [] => format!("write {}: it has no subresources", go::quote(resource)),
                names => format!("write one of {}", names.join(", ")),
            };
            return found.add_with(catalogue::UNKNOWN_SUBRESOURCE, path, message, fix);
        }
        // Of a namespace itself the request's namespace is its name.
        let has_namespace = known.is_namespaced || resource == "namespaces";
        let names_some = !self.rule.namespaces.is_empty();
        if !has_namespace && names_some && !self.rule.namespaces.iter().any(String::is_empty) {
            let message = format!("{resource} are not namespaced, so the rule never matches them");
            found.add(catalogue::CLUSTER_SCOPED, path, message);
        }
    }

    /// `*/NAME`: in a group of the API server's own nothing has other subresources than the table.
    fn check_part_of_any(&self, subresource: &str, path: Path, found: &mut Found<'_>) {
        let group = self.group();
        let mut of_group = builtin::all().iter().filter(|known| known.group == group);
        if builtin::has_group(group) && !of_group.any(|known| known.subresource(subresource).is_some()) {
            let message =
                format!("no resource in {} has the subresource {}", called(group), go::quote(subresource));
            found.add(catalogue::UNKNOWN_SUBRESOURCE, path, message);
        }
    }

    /// A resource that is not in the table under this group: wrong only if it is in the table under another name or group,
    /// or if nothing can be there but what the table has.
    fn check_unknown(&self, resource: &str, subresource: &str, path: Path, found: &mut Found<'_>) {
        let group = self.group();
        if let Some(known) = builtin::named(resource, Some(group)).first() {
            let message = format!("{} matches nothing", go::quote(resource));
            let fix = format!("write {}", go::quote(&join(known.resource, subresource)));
            return found.add_with(catalogue::RESOURCE_NAME, path, message, fix);
        }
        if resource.chars().any(char::is_uppercase) {
            return self.report_upper_case(resource, subresource, path, found);
        }
        if !builtin::has_group(group) {
            return;
        }
        let message = format!("{} are not in {}", go::quote(resource), called(group));
        if let Some(known) = self.named_elsewhere(resource) {
            let fix = of_group(known, subresource);
            return found.add_with(catalogue::WRONG_GROUP, path, message, fix);
        }
        let suggested = || {
            let meant = builtin::suggest(resource, group)?;
            Some(format!("write {}", go::quote(&join(meant, subresource))))
        };
        let fix = subresource_called(resource).or_else(suggested);
        match fix {
            Some(fix) => found.add_with(catalogue::UNKNOWN_RESOURCE, path, message, fix),
            // Another group may have resources that a CustomResourceDefinition defines.
            None if group.is_empty() => found.add(catalogue::UNKNOWN_RESOURCE, path, message),
            None => {}
        }
    }

    fn report_upper_case(&self, resource: &str, subresource: &str, path: Path, found: &mut Found<'_>) {
        let message = format!("{} matches nothing: resource names are lower case", go::quote(resource));
        let plural = || {
            let lower = join(&resource.to_lowercase(), subresource);
            format!("write {}, in the plural", go::quote(&lower))
        };
        let known = self.named_elsewhere(resource).map(|known| of_group(known, subresource));
        let fix = known.or_else(|| subresource_called(resource)).unwrap_or_else(plural);
        found.add_with(catalogue::RESOURCE_NAME, path, message, fix);
    }

    /// The resource with this name that is served now, before one that was.
    fn named_elsewhere(&self, name: &str) -> Option<&'static Builtin> {
        let named = builtin::named(name, None);
        let now = named.iter().find(|known| builtin::is_served(&known.minors, self.minor));
        now.or(named.first()).copied()
    }

    fn check_served(
        &self,
        minors: &RangeInclusive<u32>,
        known: &Builtin,
        name: &str,
        path: &Path,
        found: &mut Found<'_>,
    ) {
        let minor = self.minor;
        if builtin::is_served(minors, minor) {
            return;
        }
        let when = when_served(minors, minor);
        let message = format!("1.{minor} does not serve {name} in {}: {when}", called(known.group));
        let mut groups = builtin::groups_of(known.resource).into_iter();
        let now = groups.find(|other| builtin::is_served(&other.minors, minor) && other.group != known.group);
        let fix = match now {
            Some(now) => format!("add the group {}", go::quote(now.group)),
            None => catalogue::NOT_SERVED.fix.to_owned(),
        };
        found.add_with(catalogue::NOT_SERVED, path.clone(), message, fix);
    }
}

/// What to write instead of a pattern that can match nothing, whatever there is; `None` for one that can.
fn correct_form(pattern: &str) -> Option<String> {
    let (resource, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
    let has_slash = pattern.contains('/');
    if pattern == "*/*" || pattern.is_empty() {
        return Some("write \"*\" for every resource with all subresources".to_owned());
    }
    if has_slash && subresource.is_empty() {
        return Some(format!(
            "write {}, or {} with all subresources",
            go::quote(resource),
            go::quote(&join(resource, "*"))
        ));
    }
    if resource.is_empty() {
        return Some(format!("write {}", go::quote(&join("*", subresource))));
    }
    if subresource.contains('/') {
        let first = subresource.split('/').next().unwrap_or_default();
        return Some(format!(
            "write {}: a resource has at most one slash",
            go::quote(&join(resource, first))
        ));
    }
    let is_star = |part: &str| part == "*" || !part.contains('*');
    if !is_star(resource) || !is_star(subresource) {
        return Some("name each resource: `*` stands only for a whole name".to_owned());
    }
    None
}

/// Advice for a name that is one of a subresource, or of its kind: `exec`, `TokenRequest`, `evictions`.
fn subresource_called(name: &str) -> Option<String> {
    /// More are too many to name each.
    const NAMED: usize = 3;
    let name = name.to_lowercase();
    let is_called = |known: &Builtin, part: &builtin::Subresource| {
        let kind = part.kind.to_lowercase();
        part.name == name || (part.kind != known.kind && (kind == name || format!("{kind}s") == name))
    };
    let parts =
        builtin::all().iter().flat_map(|known| known.subresources.iter().map(move |part| (known, part)));
    let found: Vec<_> = parts.filter(|(known, part)| is_called(known, part)).collect();
    let (first, part) = found.first()?;
    if found.len() > NAMED {
        return Some(format!("write {}", go::quote(&join("*", part.name))));
    }
    let names: Vec<String> =
        found.iter().map(|(known, part)| go::quote(&join(known.resource, part.name))).collect();
    Some(format!("write {} of {}", names.join(" or "), called(first.group)))
}

/// `the core group`, or `the group apps`.
pub(super) fn called(group: &str) -> String {
    if group.is_empty() { "the core group".to_owned() } else { format!("the group {group}") }
}

fn of_group(known: &Builtin, subresource: &str) -> String {
    format!("write {} of {}", go::quote(&join(known.resource, subresource)), called(known.group))
}

fn join(resource: &str, subresource: &str) -> String {
    if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") }
}

/// When a resource that 1.`minor` does not serve was or will be served.
pub(super) fn when_served(minors: &RangeInclusive<u32>, minor: u32) -> String {
    let (first, last) = (minors.start(), minors.end());
    if minor > *last {
        format!("the last version that did is 1.{last}")
    } else {
        format!("the first version that does is 1.{first}")
    }
}
