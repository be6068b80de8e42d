//! The requests that kaudit may make to cause an event.
//!
//! Every request is harmless for every user: it reads an object that does not exist, asks what the user may do, or sends an
//! empty and therefore invalid object in a dry run. Requests that could have an effect with permissions (connect to a
//! container, read a whole list) are made only anonymously, and are rejected.

use crate::policy::{GroupResources, Level, Resource, Rule, Target};

/// The name of an object, and the last part of a path, that does not exist.
const NOWHERE: &str = "kaudit-proof";
/// A namespace that every cluster has; nothing in it is changed.
const NAMESPACE: &str = "default";
/// Asks what the user may do, for a path that every user may read.
const ACCESS_REVIEW: &str = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"nonResourceAttributes":{"path":"/livez","verb":"get"}}}"#;
/// Asks for the user's own name and groups.
const SELF_REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;

/// Kinds of request, the most harmless first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Reads something.
    Read,
    /// Creates a review, which is answered and never stored.
    Review,
    /// Would create an object.
    DryRun,
}

impl Class {
    pub(super) const ALL: [Self; 3] = [Self::Read, Self::Review, Self::DryRun];
}

/// A request without its user.
#[derive(Debug, Clone)]
pub(super) struct RequestSpec {
    pub(super) class: Class,
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) path: String,
    pub(super) body: Option<&'static str>,
    /// The verb that the API server derives from path and method (`endpoints/request/requestinfo.go`, `NewRequestInfo`).
    pub(super) verb: &'static str,
    pub(super) target: Target,
    pub(super) what: String,
    pub(super) only_anonymous: bool,
}

/// Requests that do not depend on the policy.
pub(super) fn general() -> Vec<RequestSpec> {
    let often_logged = [("", "configmaps"), ("", "pods"), ("apps", "deployments")]
        .map(|(group, resource)| Resource { namespace: NAMESPACE.to_owned(), ..named(group, resource) });
    let mut specs: Vec<RequestSpec> = often_logged.iter().cloned().map(read).collect();
    specs.push(read_path("/api".to_owned()));
    specs.push(review("authorization.k8s.io", "selfsubjectaccessreviews", ACCESS_REVIEW));
    // Since 1.28; an older API server answers 404, and logs that as well.
    specs.push(review("authentication.k8s.io", "selfsubjectreviews", SELF_REVIEW));
    specs.extend(often_logged.into_iter().map(create));
    specs
}

/// Requests made to match one rule: the policy decides whether they do.
pub(super) fn of_rule(rule: &Rule) -> Vec<RequestSpec> {
    if rule.level == Level::None {
        return Vec::new();
    }
    let mut specs: Vec<RequestSpec> =
        rule.non_resource_urls.iter().filter_map(|pattern| read_pattern(pattern)).collect();
    for resource in resources_of(rule) {
        let is_safe =
            [&resource.group, &resource.resource, &resource.subresource, &resource.namespace, &resource.name]
                .into_iter()
                .all(|part| is_plain(part));
        if is_safe && is_read_so(&resource) {
            specs.push(read(resource.clone()));
            specs.push(list(resource.clone()));
            specs.push(create(resource));
        }
    }
    specs
}

/// Whether the API server parses the path as this resource: `proxy` and `watch` after the version are an old form of verbs,
/// and what follows a namespace is a resource, except `status` and `finalize`.
fn is_read_so(resource: &Resource) -> bool {
    match resource.resource.as_str() {
        "proxy" | "watch" => false,
        "namespaces" => matches!(resource.subresource.as_str(), "" | "status" | "finalize"),
        _ => true,
    }
}

/// One resource for each that a rule names.
fn resources_of(rule: &Rule) -> Vec<Resource> {
    let anything = [GroupResources::default()];
    let entries = if rule.resources.is_empty() { &anything } else { rule.resources.as_slice() };
    let namespace = rule.namespaces.first().map_or(NAMESPACE, String::as_str);
    let mut found = Vec::new();
    for entry in entries {
        let anything = ["*".to_owned()];
        let patterns = if entry.resources.is_empty() { &anything } else { entry.resources.as_slice() };
        for pattern in patterns {
            let (resource, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
            let or =
                |part: &str, instead: &str| if part == "*" { instead.to_owned() } else { part.to_owned() };
            let group = or(&entry.group, "");
            let resource = or(resource, if group.is_empty() { "configmaps" } else { NOWHERE });
            let name = entry.resource_names.first().map_or(NOWHERE, String::as_str).to_owned();
            let is_namespace =
                resource == "namespaces" && !rule.namespaces.is_empty() && !namespace.is_empty();
            found.push(Resource {
                name: if is_namespace { namespace.to_owned() } else { name },
                namespace: namespace.to_owned(),
                subresource: or(subresource, ""),
                group,
                resource,
            });
        }
    }
    found
}

fn named(group: &str, resource: &str) -> Resource {
    Resource {
        group: group.to_owned(),
        resource: resource.to_owned(),
        name: NOWHERE.to_owned(),
        ..Resource::default()
    }
}

/// `get` of one object. An existing one is read only without permissions, or its body might be logged; and a `get` of
/// `pods/exec` connects to the pod.
fn read(resource: Resource) -> RequestSpec {
    let exists = resource.name != NOWHERE;
    let connects = !resource.subresource.is_empty();
    RequestSpec {
        class: Class::Read,
        method: "GET",
        path: path_of(&resource),
        body: None,
        verb: "get",
        what: format!("a read of {}", describe(&resource)),
        target: target(resource),
        only_anonymous: exists || connects,
    }
}

/// `list`, of one object at most.
fn list(resource: Resource) -> RequestSpec {
    let resource = Resource { name: String::new(), subresource: String::new(), ..resource };
    RequestSpec {
        class: Class::Read,
        method: "GET",
        path: format!("{}?limit=1", path_of(&resource)),
        body: None,
        verb: "list",
        what: format!("a list of {}", describe(&resource)),
        target: target(resource),
        only_anonymous: true,
    }
}

/// `create` of an invalid object in a dry run.
fn create(resource: Resource) -> RequestSpec {
    let is_own = resource.subresource.is_empty();
    let name = if is_own { String::new() } else { resource.name };
    let resource = Resource { name, ..resource };
    RequestSpec {
        class: Class::DryRun,
        method: "POST",
        path: format!("{}?dryRun=All", path_of(&resource)),
        body: Some("{}"),
        verb: "create",
        what: format!("a dry run with an empty object for {}", describe(&resource)),
        target: target(resource),
        only_anonymous: !is_own,
    }
}

fn review(group: &str, resource: &str, body: &'static str) -> RequestSpec {
    let resource = Resource { name: String::new(), ..named(group, resource) };
    RequestSpec {
        class: Class::Review,
        method: "POST",
        path: path_of(&resource),
        body: Some(body),
        verb: "create",
        what: format!("a review request to {}, which stores nothing", describe(&resource)),
        target: target(resource),
        only_anonymous: false,
    }
}

fn read_path(path: String) -> RequestSpec {
    RequestSpec {
        class: Class::Read,
        method: "GET",
        what: format!("a read of {path}"),
        path: path.clone(),
        body: None,
        verb: "get",
        target: Target::Path(path),
        only_anonymous: false,
    }
}

/// A path that the pattern matches. Only anonymously where the path may be served: `/debug/pprof/profile` runs for half a
/// minute.
fn read_pattern(pattern: &str) -> Option<RequestSpec> {
    let path = match pattern.strip_suffix('*') {
        Some("") => "/".to_owned(),
        Some(directory) if directory.ends_with('/') => format!("{directory}{NOWHERE}"),
        Some(path) => path.to_owned(),
        None => pattern.to_owned(),
    };
    let mut parts = path.strip_prefix('/')?.split('/');
    // From the third part on these are paths of resources.
    let is_api = parts.next().is_some_and(|first| matches!(first, "api" | "apis")) && parts.nth(1).is_some();
    let is_plain = path.split('/').all(is_plain) && !path.contains("//");
    let spec = read_path(path);
    (is_plain && !is_api).then(|| RequestSpec { only_anonymous: !spec.path.ends_with(NOWHERE), ..spec })
}

/// Whether it can be a part of a path without escaping; an empty part can.
fn is_plain(part: &str) -> bool {
    !matches!(part, "." | "..")
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte))
}

/// The resource as the API server parses it: a namespace is in the namespace of the same name.
fn target(resource: Resource) -> Target {
    let namespace =
        if resource.resource == "namespaces" { resource.name.clone() } else { resource.namespace };
    Target::Resource(Resource { namespace, ..resource })
}

/// The path of an object, or of a resource where it has no name. Policies do not depend on the version.
fn path_of(resource: &Resource) -> String {
    let Resource { group, resource, subresource, namespace, name } = resource;
    let mut path = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    // `/namespaces/NAME` names object and namespace in one.
    let scope = if resource == "namespaces" || namespace.is_empty() { "" } else { "namespaces" };
    let namespace = if scope.is_empty() { "" } else { namespace };
    for part in [scope, namespace, resource, name, subresource] {
        if !part.is_empty() {
            path.push('/');
            path.push_str(part);
        }
    }
    path
}

fn describe(resource: &Resource) -> String {
    let Resource { group, resource, subresource, name, .. } = resource;
    let mut text = resource.clone();
    for (mark, part) in [("/", subresource), (".", group), (" ", name)] {
        if !part.is_empty() {
            text.push_str(mark);
            text.push_str(part);
        }
    }
    text
}
