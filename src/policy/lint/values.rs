//! Values that match nothing: stars, verbs, users, groups of users, paths, names.

use crate::policy::lint::catalogue;
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::load::go;
use crate::policy::model::VERBS;
use crate::policy::model::{GroupResources, Policy, Rule};
use crate::policy::nearest::nearest;
use crate::yaml::Path;

/// The methods of HTTP, which are the verbs of requests for paths.
const METHODS: [&str; 9] = ["get", "head", "post", "put", "patch", "delete", "options", "connect", "trace"];

/// What people write for a verb of resources, and how the API server calls it.
const BORROWED_VERBS: [(&str, &str); 11] = [
    ("read", "get"),
    ("post", "create"),
    ("put", "update"),
    ("exec", "create"),
    ("attach", "create"),
    ("connect", "create"),
    ("portforward", "create"),
    ("apply", "patch"),
    ("edit", "patch"),
    ("replace", "update"),
    ("remove", "delete"),
];

/// Verbs of resources that people write for paths, and the method.
const BORROWED_METHODS: [(&str, &str); 4] =
    [("list", "get"), ("watch", "get"), ("create", "post"), ("update", "put")];

/// Looks at every value of every rule but groups and resources.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = path_of_rule(index);
        check_users(&rule.users, &path.clone().key("users"), found);
        check_user_groups(&rule.user_groups, &path.clone().key("userGroups"), found);
        check_stars(&rule.namespaces, "a namespace", &path.clone().key("namespaces"), found);
        check_verbs(rule, &path.clone().key("verbs"), found);
        check_urls(&rule.non_resource_urls, &path.clone().key("nonResourceURLs"), found);
        for (index, entry) in rule.resources.iter().enumerate() {
            let path = path.clone().key("resources").index(index).key("resourceNames");
            check_stars(&entry.resource_names, "an object", &path, found);
            check_names(rule, entry, &path, found);
        }
    }
}

fn check_stars(values: &[String], called: &str, path: &Path, found: &mut Found<'_>) {
    for (index, value) in values.iter().enumerate().filter(|(_, value)| value.contains('*')) {
        report_star(value, called, path.clone().index(index), catalogue::STAR.fix, found);
    }
}

fn report_star(value: &str, called: &str, path: Path, fix: &str, found: &mut Found<'_>) {
    let message = format!(
        "{} is not a wildcard here: it matches only {called} with exactly this name",
        go::quote(value)
    );
    found.add_with(catalogue::STAR, path, message, fix);
}

fn check_users(users: &[String], path: &Path, found: &mut Found<'_>) {
    for (index, user) in users.iter().enumerate() {
        let path = path.clone().index(index);
        if let Some(start) = user.strip_suffix('*') {
            let group = match start.strip_prefix("system:serviceaccount") {
                Some("" | ":" | "s" | "s:") => Some("system:serviceaccounts".to_owned()),
                Some(rest) => rest
                    .strip_prefix(':')
                    .and_then(|rest| rest.strip_suffix(':'))
                    .map(|namespace| format!("system:serviceaccounts:{namespace}")),
                None if start == "system:node:" => Some("system:nodes".to_owned()),
                None => None,
            };
            let fix = group.map_or_else(
                || catalogue::STAR.fix.to_owned(),
                |group| format!("write `userGroups: [{}]` instead", go::quote(&group)),
            );
            report_star(user, "a user", path, &fix, found);
        } else if user.contains('*') {
            report_star(user, "a user", path, catalogue::STAR.fix, found);
        } else if is_group_of_users(user) {
            let message = format!("{} is a group, not a user", go::quote(user));
            found.add_with(catalogue::USER_OR_GROUP, path, message, "move it to userGroups");
        }
    }
}

fn check_user_groups(groups: &[String], path: &Path, found: &mut Found<'_>) {
    for (index, group) in groups.iter().enumerate() {
        let path = path.clone().index(index);
        if group.contains('*') {
            report_star(group, "a group of users", path, catalogue::STAR.fix, found);
        } else if is_user(group) {
            let message = format!("{} is a user, not a group", go::quote(group));
            found.add_with(catalogue::USER_OR_GROUP, path, message, "move it to users");
        }
    }
}

/// The groups that Kubernetes itself makes
/// (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>).
fn is_group_of_users(name: &str) -> bool {
    let known = [
        "system:masters",
        "system:nodes",
        "system:authenticated",
        "system:unauthenticated",
        "system:serviceaccounts",
        "system:bootstrappers",
        "system:monitoring",
        "kubeadm:cluster-admins",
    ];
    known.contains(&name)
        || name.starts_with("system:serviceaccounts:")
        || name.starts_with("system:bootstrappers:")
}

/// The users that Kubernetes itself makes.
fn is_user(name: &str) -> bool {
    let known = [
        "system:anonymous",
        "system:apiserver",
        "system:kube-controller-manager",
        "system:kube-scheduler",
        "system:kube-proxy",
        "kubernetes-admin",
    ];
    known.contains(&name) || name.starts_with("system:serviceaccount:") || name.starts_with("system:node:")
}

fn check_verbs(rule: &Rule, path: &Path, found: &mut Found<'_>) {
    let of_paths = !rule.non_resource_urls.is_empty();
    let of_resources = !rule.resources.is_empty() || !rule.namespaces.is_empty();
    let known: Vec<&str> = match (of_resources, of_paths) {
        (true, false) => VERBS.to_vec(),
        (false, true) => METHODS.to_vec(),
        _ => VERBS.into_iter().chain(METHODS).collect(),
    };
    let borrowed: &[(&str, &str)] = if of_paths { &BORROWED_METHODS } else { &BORROWED_VERBS };
    for (index, verb) in rule.verbs.iter().enumerate() {
        // A method that has no verb of resources makes an empty one.
        if verb.is_empty() || known.contains(&verb.as_str()) {
            continue;
        }
        let path = path.clone().index(index);
        if verb.contains('*') {
            let message = format!("{} is not a wildcard here: it matches no verb", go::quote(verb));
            found.add(catalogue::STAR, path, message);
            continue;
        }
        let lower = verb.to_lowercase();
        let borrowed = borrowed.iter().find(|(word, _)| *word == lower).map(|(_, verb)| *verb);
        let meant = known.iter().copied().find(|it| *it == lower).or(borrowed);
        let fix = match meant.or_else(|| nearest(verb, known.iter().copied())) {
            Some(meant) => format!("write {}", go::quote(meant)),
            None => format!("write one of {}", known.join(", ")),
        };
        if lower == "proxy" {
            let message = "only requests below /api/v1/proxy/ have the verb \"proxy\", and 1.10 removed them";
            let fix =
                "remove it, and name the subresources: \"pods/proxy\", \"services/proxy\", \"nodes/proxy\"";
            found.add_with(catalogue::VERB, path, message, fix);
            continue;
        }
        let kind = if of_resources && METHODS.contains(&lower.as_str()) { " for a resource" } else { "" };
        let message = format!("no request{kind} has the verb {}", go::quote(verb));
        found.add_with(catalogue::VERB, path, message, fix);
    }
}

/// The API server splits a path at its slashes; with this many parts, it is the path of a resource
/// (`apiserver/pkg/endpoints/request/requestinfo.go`).
fn check_urls(urls: &[String], path: &Path, found: &mut Found<'_>) {
    for (index, url) in urls.iter().enumerate() {
        let parts: Vec<&str> = url.trim_end_matches('*').split('/').filter(|part| !part.is_empty()).collect();
        let is_of_resource = match parts.first() {
            Some(&"api") => parts.len() > 2,
            Some(&"apis") => parts.len() > 3,
            _ => false,
        };
        if is_of_resource {
            let message =
                format!("{} is the path of a resource: nonResourceURLs never match it", go::quote(url));
            found.add(catalogue::RESOURCE_PATH, path.clone().index(index), message);
        }
    }
}

/// Subresources are created by a path that has the name: `pods/NAME/exec`.
fn check_names(rule: &Rule, entry: &GroupResources, path: &Path, found: &mut Found<'_>) {
    let may_be_subresource = |pattern: &String| pattern.contains('/') || pattern == "*";
    if entry.resource_names.is_empty()
        || entry.resource_names.iter().any(String::is_empty)
        || !rule.verbs.iter().any(|verb| verb == "create")
        || entry.resources.iter().any(may_be_subresource)
    {
        return;
    }
    let message =
        format!("a rule with resourceNames never matches the creation of {}", entry.resources.join(", "));
    found.add(catalogue::NAME_OF_CREATED, path.clone(), message);
}
