//! Resources against the table of what the API server serves by itself.

use crate::policy::builtin::{self, Builtin};
use crate::policy::go;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{Policy, Rule};
use crate::yaml::Path;

/// Looks at every resource of every rule.
pub(super) fn check(policy: &Policy, minor: u32, found: &mut Found<'_>) {
    for (rule_index, rule) in policy.rules.iter().enumerate() {
        for (index, entry) in rule.resources.iter().enumerate() {
            let path = path_of_rule(rule_index).key("resources").index(index).key("resources");
            for (index, pattern) in entry.resources.iter().enumerate() {
                check_pattern(pattern, &entry.group, rule, minor, &path.clone().index(index), found);
            }
        }
    }
}

fn check_pattern(pattern: &str, group: &str, rule: &Rule, minor: u32, path: &Path, found: &mut Found<'_>) {
    if pattern == "*" {
        return;
    }
    let (resource, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
    let ends_with_slash = pattern.contains('/') && subresource.is_empty();
    let stars = pattern.matches('*').count();
    let is_wildcard = (resource == "*" || subresource == "*") && stars == 1 && !ends_with_slash;
    if (stars > 0 && !is_wildcard) || ends_with_slash || resource.is_empty() || subresource.contains('/') {
        let message = format!("{} matches no request", go::quote(pattern));
        return found.add(catalogue::STAR_IN_RESOURCE, path.clone(), message);
    }
    if resource == "*" || group == "*" {
        return;
    }
    let Some(known) = builtin::find(group, resource) else {
        return check_unknown(resource, group, path, found);
    };
    if !subresource.is_empty() && subresource != "*" && known.subresource(subresource).is_none() {
        let message = format!("{} have no subresource {}", known.resource, go::quote(subresource));
        let fix = match known.subresources.as_slice() {
            [] => format!("write {}: it has no subresources", go::quote(resource)),
            known => format!(
                "write one of {}",
                known.iter().map(|known| known.name).collect::<Vec<_>>().join(", ")
            ),
        };
        return found.add_with(catalogue::UNKNOWN_SUBRESOURCE, path.clone(), message, fix);
    }
    check_served(known, minor, path, found);
    // Of a namespace itself the request's namespace is its name.
    let has_namespace = known.is_namespaced || resource == "namespaces";
    if !has_namespace && !rule.namespaces.is_empty() && !rule.namespaces.iter().any(String::is_empty) {
        let message = format!("{resource} are in no namespace, so the rule never matches them");
        found.add(catalogue::CLUSTER_SCOPED, path.clone(), message);
    }
}

/// A resource that is not in the table under this group: wrong only if it is in the table under another name or group,
/// or if nothing can be there but what the table has.
fn check_unknown(resource: &str, group: &str, path: &Path, found: &mut Found<'_>) {
    let called = |known: &Builtin| match known.group {
        "" => format!("{} of the core group", go::quote(known.resource)),
        group => format!("{} of the group {group}", go::quote(known.resource)),
    };
    if let Some(known) = builtin::named(resource, Some(group)).first() {
        let message = format!("{} matches nothing", go::quote(resource));
        return found.add_with(
            catalogue::RESOURCE_NAME,
            path.clone(),
            message,
            format!("write {}", go::quote(known.resource)),
        );
    }
    if resource.chars().any(char::is_uppercase) {
        let message =
            format!("{} matches nothing: names of resources are in lower case", go::quote(resource));
        let fix = match builtin::named(resource, None).first() {
            Some(known) => format!("write {}", called(known)),
            None => format!("write {}, in the plural", go::quote(&resource.to_lowercase())),
        };
        return found.add_with(catalogue::RESOURCE_NAME, path.clone(), message, fix);
    }
    if !builtin::has_group(group) {
        return;
    }
    let shown = if group.is_empty() { "the core group".to_owned() } else { format!("the group {group}") };
    let message = format!("{} are not in {shown}", go::quote(resource));
    if let Some(known) = builtin::named(resource, None).first() {
        return found.add_with(
            catalogue::WRONG_GROUP,
            path.clone(),
            message,
            format!("write {}", called(known)),
        );
    }
    match builtin::suggest(resource, group) {
        Some(meant) => found.add_with(
            catalogue::UNKNOWN_RESOURCE,
            path.clone(),
            message,
            format!("write {}", go::quote(meant)),
        ),
        None if group.is_empty() => found.add(catalogue::UNKNOWN_RESOURCE, path.clone(), message),
        None => {}
    }
}

fn check_served(known: &Builtin, minor: u32, path: &Path, found: &mut Found<'_>) {
    if known.minors.contains(&minor) {
        return;
    }
    let (first, last) = (known.minors.start(), known.minors.end());
    let when = if minor > *last {
        format!("the last that did is 1.{last}")
    } else {
        format!("the first is 1.{first}")
    };
    let group = if known.group.is_empty() { "core" } else { known.group };
    let message = format!("1.{minor} does not serve {} in {group}: {when}", known.resource);
    let now = builtin::groups_of(known.resource).into_iter().find(|other| other.minors.contains(&minor));
    let fix = match now {
        Some(now) => format!("add the group {}", go::quote(now.group)),
        None => catalogue::NOT_SERVED.fix.to_owned(),
    };
    found.add_with(catalogue::NOT_SERVED, path.clone(), message, fix);
}
