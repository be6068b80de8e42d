//! The decision of the API server for one request under a policy. The code follows its source
//! (`apiserver/pkg/audit/policy/checker.go`) and is not optimised for speed.

use crate::policy::model::{GroupResources, Level, Policy, Rule};
use crate::policy::stages::StageSet;

/// The attributes of a request that a policy can use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The authenticated user (before impersonation); `None` if the request is unauthenticated.
    pub user: Option<User>,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or the HTTP method in
    /// lower case for a request that is not about a resource.
    pub verb: String,
    /// The resource or the path of the request.
    pub target: Target,
}

/// An authenticated user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The name, for example `system:node:a`.
    pub name: String,
    /// The groups, for example `system:nodes`.
    pub groups: Vec<String>,
}

/// The resource or the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path that is not about a resource, for example `/healthz`.
    Path(String),
    /// A resource of the API.
    Resource(Resource),
}

impl Default for Target {
    fn default() -> Self {
        Self::Path("/".to_owned())
    }
}

/// The resource that a request is about. Attributes that the request does not name are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// Plural name in lower case, for example `pods`.
    pub resource: String,
    /// For example `log`.
    pub subresource: String,
    /// Empty for objects without a namespace and for lists over all of them.
    pub namespace: String,
    /// Empty for `create`, `list`, `watch` and `deletecollection`.
    pub name: String,
}

/// How a request is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The audit level.
    pub level: Level,
    /// The stages at which nothing is logged: those of the policy and those of the rule.
    pub omit_stages: StageSet,
    /// Whether `managedFields` are removed from logged bodies.
    pub omit_managed_fields: bool,
    /// The index of the rule that decided; `None` if none matched, and then the level is `None` too.
    pub rule: Option<usize>,
}

/// Decides `request` as the API server would: the first matching rule wins; without a matching rule, nothing is logged.
#[must_use]
pub fn decide(policy: &Policy, request: &Request) -> Decision {
    policy.decision_by(policy.rules.iter().position(|rule| matches(rule, request)))
}

impl Policy {
    /// The decision if `rule` is the first that matches; nothing is logged for `None` or if there is no such rule.
    #[must_use]
    pub fn decision_by(&self, rule: Option<usize>) -> Decision {
        let of_policy = self.omit_stages.iter().copied();
        match rule.and_then(|index| self.rules.get(index)) {
            Some(decisive) => Decision {
                level: decisive.level,
                omit_stages: of_policy.chain(decisive.omit_stages.iter().copied()).collect(),
                omit_managed_fields: decisive.omit_managed_fields.unwrap_or(self.omit_managed_fields),
                rule,
            },
            None => Decision {
                level: Level::None,
                omit_stages: of_policy.collect(),
                omit_managed_fields: self.omit_managed_fields,
                rule: None,
            },
        }
    }
}

/// Whether every condition that the rule sets holds.
pub(in crate::policy) fn matches(rule: &Rule, request: &Request) -> bool {
    let user = request.user.as_ref();
    if !rule.users.is_empty() && !user.is_some_and(|user| rule.users.contains(&user.name)) {
        return false;
    }
    if !rule.user_groups.is_empty()
        && !user.is_some_and(|user| user.groups.iter().any(|group| rule.user_groups.contains(group)))
    {
        return false;
    }
    if !rule.verbs.is_empty() && !rule.verbs.contains(&request.verb) {
        return false;
    }
    if !rule.namespaces.is_empty() || !rule.resources.is_empty() {
        return match &request.target {
            Target::Resource(resource) => matches_resource(rule, resource),
            Target::Path(_) => false,
        };
    }
    if !rule.non_resource_urls.is_empty() {
        return match &request.target {
            Target::Path(path) => rule.non_resource_urls.iter().any(|pattern| matches_path(pattern, path)),
            Target::Resource(_) => false,
        };
    }
    true
}

/// `*`, the exact path, or the prefix before a final `*`.
pub(in crate::policy) fn matches_path(pattern: &str, path: &str) -> bool {
    pattern == "*"
        || pattern == path
        || (pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*')))
}

fn matches_resource(rule: &Rule, request: &Resource) -> bool {
    if !rule.namespaces.is_empty() && !rule.namespaces.contains(&request.namespace) {
        return false;
    }
    rule.resources.is_empty() || rule.resources.iter().any(|entry| matches_entry(entry, request))
}

pub(in crate::policy) fn matches_entry(entry: &GroupResources, request: &Resource) -> bool {
    if entry.group != request.group && entry.group != "*" {
        return false;
    }
    if entry.resources.is_empty() {
        return true;
    }
    if !entry.resource_names.is_empty() && !entry.resource_names.contains(&request.name) {
        return false;
    }
    entry.resources.iter().any(|pattern| matches_resource_pattern(pattern, request))
}

/// Note that `pods/*` matches `pods` as well, and that `*/*` matches nothing.
fn matches_resource_pattern(pattern: &str, request: &Resource) -> bool {
    let whole = if request.subresource.is_empty() {
        request.resource.clone()
    } else {
        format!("{}/{}", request.resource, request.subresource)
    };
    pattern == "*"
        || pattern == whole
        || (!request.subresource.is_empty()
            && pattern.strip_prefix("*/").is_some_and(|subresource| subresource == request.subresource))
        || pattern.strip_suffix("/*").is_some_and(|resource| resource == request.resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, name: &str) -> Resource {
        let (resource, subresource) = name.split_once('/').unwrap_or((name, ""));
        Resource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            ..Resource::default()
        }
    }

    #[test]
    fn a_star_is_a_wildcard_in_few_places_of_a_resource() {
        for (pattern, requested, matches) in [
            ("pods", "pods", true),
            ("pods", "pods/log", false),
            ("pods/log", "pods/log", true),
            ("pods/log", "pods", false),
            ("pods/*", "pods/log", true),
            ("pods/*", "pods", true),
            ("*", "pods", true),
            ("*", "pods/log", true),
            ("*/log", "pods/log", true),
            ("*/log", "log", false),
            ("*/*", "pods/log", false),
            ("*/*", "pods", false),
            ("po*", "pods", false),
            ("Pods", "pods", false),
        ] {
            assert_eq!(
                matches_resource_pattern(pattern, &resource("", requested)),
                matches,
                "{pattern} {requested}"
            );
        }
    }

    #[test]
    fn a_path_matches_exactly_or_up_to_a_final_star() {
        for (pattern, path, matches) in [
            ("*", "", true),
            ("/healthz", "/healthz", true),
            ("/healthz", "/healthz/etcd", false),
            ("/healthz*", "/healthz/etcd", true),
            ("/api/*", "/api", false),
            ("/a*", "/a*b", true),
        ] {
            assert_eq!(matches_path(pattern, path), matches, "{pattern} {path}");
        }
    }

    #[test]
    fn a_group_without_resources_means_all_of_it_and_names_need_a_name() {
        let entry = |group: &str, resources: &[&str], names: &[&str]| GroupResources {
            group: group.to_owned(),
            resources: resources.iter().map(ToString::to_string).collect(),
            resource_names: names.iter().map(ToString::to_string).collect(),
        };
        let named = Resource { name: "a".to_owned(), ..resource("apps", "deployments") };
        assert!(matches_entry(&entry("apps", &[], &[]), &resource("apps", "deployments/scale")));
        assert!(!matches_entry(&entry("", &[], &[]), &named));
        assert!(matches_entry(&entry("*", &["*"], &[]), &named));
        assert!(matches_entry(&entry("apps", &["*"], &["a"]), &named));
        assert!(!matches_entry(&entry("apps", &["*"], &["a"]), &resource("apps", "deployments")));
    }

    #[test]
    fn a_rule_needs_a_user_and_the_right_kind_of_request_for_what_it_names() {
        let everything = Rule::for_everything(Level::Metadata);
        let nobody = Request::default();
        assert!(matches(&everything, &nobody));
        assert!(!matches(&Rule { users: vec![String::new()], ..everything.clone() }, &nobody));
        assert!(!matches(&Rule { user_groups: vec![String::new()], ..everything.clone() }, &nobody));
        assert!(!matches(&Rule { namespaces: vec![String::new()], ..everything.clone() }, &nobody));
        assert!(matches(&Rule { non_resource_urls: vec!["*".to_owned()], ..everything.clone() }, &nobody));
        let of_resource = Request { target: Target::Resource(resource("", "pods")), ..Request::default() };
        assert!(matches(&Rule { namespaces: vec![String::new()], ..everything.clone() }, &of_resource));
        assert!(!matches(
            &Rule { non_resource_urls: vec!["*".to_owned()], ..everything.clone() },
            &of_resource
        ));
        assert!(!matches(&Rule { verbs: vec!["*".to_owned()], ..everything }, &of_resource));
    }
}
