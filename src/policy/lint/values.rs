//! Values that match nothing: stars, verbs, groups of the API.

use crate::policy::builtin;
use crate::policy::go;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{Policy, Rule};
use crate::policy::reach::VERBS;
use crate::policy::validate::nearest;
use crate::yaml::Path;

/// The methods of HTTP, which are the verbs of requests for paths.
const METHODS: [&str; 9] = ["get", "head", "post", "put", "patch", "delete", "options", "connect", "trace"];

/// What people write for a verb of resources, and how the API server calls it.
const BORROWED_VERBS: [(&str, &str); 10] = [
    ("read", "get"),
    ("post", "create"),
    ("put", "update"),
    ("exec", "create"),
    ("connect", "create"),
    ("portforward", "create"),
    ("apply", "patch"),
    ("edit", "patch"),
    ("replace", "update"),
    ("remove", "delete"),
];

/// Looks at every value of every rule.
pub(super) fn check(policy: &Policy, minor: u32, found: &mut Found<'_>) {
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = path_of_rule(index);
        for (key, values, called) in [
            ("users", &rule.users, "a user"),
            ("userGroups", &rule.user_groups, "a group of users"),
            ("namespaces", &rule.namespaces, "a namespace"),
        ] {
            check_stars(values, called, &path.clone().key(key), found);
        }
        check_verbs(rule, &path.clone().key("verbs"), found);
        for (index, entry) in rule.resources.iter().enumerate() {
            let path = path.clone().key("resources").index(index);
            check_stars(&entry.resource_names, "an object", &path.clone().key("resourceNames"), found);
            check_group(&entry.group, minor, path.key("group"), found);
        }
    }
}

fn check_stars(values: &[String], called: &str, path: &Path, found: &mut Found<'_>) {
    for (index, value) in values.iter().enumerate().filter(|(_, value)| value.contains('*')) {
        let message =
            format!("{} is no wildcard here: it matches {called} of that very name", go::quote(value));
        found.add(catalogue::STAR, path.clone().index(index), message);
    }
}

fn check_verbs(rule: &Rule, path: &Path, found: &mut Found<'_>) {
    let of_paths = !rule.non_resource_urls.is_empty();
    let of_resources = !rule.resources.is_empty() || !rule.namespaces.is_empty();
    let known: Vec<&str> = match (of_resources, of_paths) {
        (true, false) => VERBS.to_vec(),
        (false, true) => METHODS.to_vec(),
        _ => VERBS.into_iter().chain(METHODS).collect(),
    };
    for (index, verb) in rule.verbs.iter().enumerate() {
        // A method that has no verb of resources makes an empty one.
        if verb.is_empty() || known.contains(&verb.as_str()) {
            continue;
        }
        let path = path.clone().index(index);
        if verb.contains('*') {
            let message = format!("{} is no wildcard here: it matches no verb", go::quote(verb));
            found.add(catalogue::STAR, path, message);
            continue;
        }
        let lower = verb.to_lowercase();
        let borrowed =
            BORROWED_VERBS.iter().find(|(word, _)| *word == lower && !of_paths).map(|(_, verb)| *verb);
        let meant = known.iter().copied().find(|it| *it == lower).or(borrowed);
        let fix = match meant.or_else(|| nearest(verb, known.iter().copied())) {
            Some(meant) => format!("write {}", go::quote(meant)),
            None => format!("write one of {}", known.join(", ")),
        };
        found.add_with(catalogue::VERB, path, format!("no request has the verb {}", go::quote(verb)), fix);
    }
}

fn check_group(group: &str, minor: u32, path: Path, found: &mut Found<'_>) {
    /// Names this near to a group of the API server are slips: `rbac.authorisation.k8s.io`.
    const SLIPS: usize = 2;
    if group == "*" {
        let message = format!("group \"*\" is taken by 1.{minor}, and refused before 1.36");
        return found.add(catalogue::ANY_GROUP, path, message);
    }
    if group.is_empty() || builtin::has_group(group) {
        return;
    }
    let message = format!("there is no API group {}", go::quote(group));
    let is_version = group
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('.'));
    if is_version || group == "core" || group == "legacy" {
        return found.add_with(catalogue::GROUP, path, message, "write \"\" for the core group");
    }
    let groups = || builtin::all().iter().map(|known| known.group);
    let meant = groups()
        .find(|known| known.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')))
        .or_else(|| groups().find(|known| !known.is_empty() && strsim::osa_distance(known, group) <= SLIPS));
    match meant {
        Some(meant) => {
            found.add_with(catalogue::GROUP, path, message, format!("write {}", go::quote(meant)));
        }
        None if !group.contains('.') => found.add(catalogue::GROUP, path, message),
        // It may be that of a CustomResourceDefinition.
        None => {}
    }
}
