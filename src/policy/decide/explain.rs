//! Why a rule does not match a request.

use crate::policy::decide::decision::{Request, Resource, Target, matches_entry, matches_path};
use crate::policy::model::Rule;

/// The first condition of the rule that the request does not meet, in the API server's order; `None` if it meets all.
#[must_use]
pub fn why_not(rule: &Rule, request: &Request) -> Option<String> {
    let user = request.user.as_ref();
    if !rule.users.is_empty() {
        match user {
            None => return Some("the request has no user, and the rule names users".to_owned()),
            Some(user) if !rule.users.contains(&user.name) => {
                return Some(format!("the user {} is not one of {}", user.name, list(&rule.users)));
            }
            Some(_) => {}
        }
    }
    if !rule.user_groups.is_empty() {
        match user {
            None => return Some("the request has no user, and the rule names groups".to_owned()),
            Some(user) if !user.groups.iter().any(|group| rule.user_groups.contains(group)) => {
                return Some(format!("the user is in none of the groups {}", list(&rule.user_groups)));
            }
            Some(_) => {}
        }
    }
    if !rule.verbs.is_empty() && !rule.verbs.contains(&request.verb) {
        return Some(format!("the verb {} is not one of {}", request.verb, list(&rule.verbs)));
    }
    let is_about_resources = !rule.namespaces.is_empty() || !rule.resources.is_empty();
    match &request.target {
        Target::Resource(resource) if is_about_resources => why_not_resource(rule, resource),
        Target::Path(_) if is_about_resources => Some("the rule applies only to resources".to_owned()),
        _ if rule.non_resource_urls.is_empty() => None,
        Target::Resource(_) => Some("the rule applies only to paths".to_owned()),
        Target::Path(path) => (!rule.non_resource_urls.iter().any(|pattern| matches_path(pattern, path)))
            .then(|| format!("the path is not one of {}", list(&rule.non_resource_urls))),
    }
}

fn why_not_resource(rule: &Rule, resource: &Resource) -> Option<String> {
    if !rule.namespaces.is_empty() && !rule.namespaces.contains(&resource.namespace) {
        return Some(match resource.namespace.as_str() {
            "" => format!("the request has no namespace, and the rule names {}", list(&rule.namespaces)),
            namespace => format!("the namespace {namespace} is not one of {}", list(&rule.namespaces)),
        });
    }
    if rule.resources.is_empty() || rule.resources.iter().any(|entry| matches_entry(entry, resource)) {
        return None;
    }
    let of_group = || rule.resources.iter().filter(|it| it.group == resource.group || it.group == "*");
    let group = if resource.group.is_empty() { "the core group" } else { &resource.group };
    let mut patterns = of_group().flat_map(|entry| entry.resources.clone()).collect::<Vec<_>>();
    patterns.dedup();
    if patterns.is_empty() {
        return Some(format!("the rule names no resource of {group}"));
    }
    let without_names = |entry| crate::policy::GroupResources { resource_names: Vec::new(), ..entry };
    if of_group().any(|entry| matches_entry(&without_names(entry.clone()), resource)) {
        let names: Vec<String> = of_group().flat_map(|entry| entry.resource_names.clone()).collect();
        return Some(match resource.name.as_str() {
            "" => format!("the request has no object name, and the rule names {}", list(&names)),
            name => format!("the object {name} is not one of {}", list(&names)),
        });
    }
    let requested = if resource.subresource.is_empty() {
        resource.resource.clone()
    } else {
        format!("{}/{}", resource.resource, resource.subresource)
    };
    Some(format!("{requested} is not one of the rule's resources of {group}: {}", list(&patterns)))
}

/// The first few of the values.
fn list(values: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = values.iter().take(SHOWN).map(|value| format!("{value:?}")).collect();
    let more = values.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
