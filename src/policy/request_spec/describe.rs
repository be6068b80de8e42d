//! A request as arguments of kubectl, and a short description of a rule.

use crate::policy::builtin;
use crate::policy::decide::decision::{Request, Resource, Target};
use crate::policy::model::{GroupResources, Rule};
use crate::policy::request_spec::groups_of;

/// For example `get pods/log web -n default by alice (devs)`, or `get /healthz by nobody`.
#[must_use]
pub fn describe_request(request: &Request) -> String {
    let who = match &request.user {
        None => "nobody".to_owned(),
        Some(user) if user.groups.is_empty() => user.name.clone(),
        Some(user) => format!("{} ({})", user.name, user.groups.join(", ")),
    };
    let verb = if request.verb.is_empty() { "\"\"" } else { &request.verb };
    match &request.target {
        Target::Path(path) => format!("{verb} {path} by {who}"),
        Target::Resource(resource) => format!("{verb} {} by {who}", describe_resource(resource)),
    }
}

fn describe_resource(resource: &Resource) -> String {
    let mut words = resource.resource.clone();
    if !resource.group.is_empty() {
        words = format!("{words}.{}", resource.group);
    }
    if !resource.subresource.is_empty() {
        words = format!("{words}/{}", resource.subresource);
    }
    if !resource.name.is_empty() {
        words = format!("{words} {}", resource.name);
    }
    let is_namespaced =
        builtin::find(&resource.group, &resource.resource).is_none_or(|known| known.is_namespaced);
    if resource.namespace.is_empty() {
        if is_namespaced { format!("{words} --all-namespaces") } else { words }
    } else {
        format!("{words} -n {}", resource.namespace)
    }
}

/// As `policy explain` takes it on a command line of the shell: `get pods/log web -n default --as alice --as-group devs`.
/// The groups in which the user always is are left out.
#[must_use]
pub fn describe_arguments(request: &Request) -> String {
    let mut words = match &request.target {
        Target::Path(path) => format!("{} {}", request.verb, quote(path)),
        Target::Resource(resource) => {
            let words: Vec<String> = describe_resource(resource).split(' ').map(quote).collect();
            format!("{} {}", request.verb, words.join(" "))
        }
    };
    let Some(user) = &request.user else { return words + " --no-user" };
    words = format!("{words} --as {}", quote(&user.name));
    let usual = groups_of(&user.name);
    for group in user.groups.iter().filter(|group| !usual.contains(group)) {
        words = format!("{words} --as-group {}", quote(group));
    }
    words
}

fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The conditions of a rule: `create, update of pods, deployments.apps in shop by alice`.
#[must_use]
pub fn describe_rule(rule: &Rule) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !rule.verbs.is_empty() {
        parts.push(few(&rule.verbs));
    }
    let resources: Vec<String> = rule.resources.iter().flat_map(describe_entry).collect();
    let of_what = if !resources.is_empty() {
        Some(few(&resources))
    } else if !rule.namespaces.is_empty() {
        Some("all resources".to_owned())
    } else if rule.non_resource_urls.is_empty() {
        None
    } else {
        Some(few(&rule.non_resource_urls))
    };
    match of_what {
        Some(what) if parts.is_empty() => parts.push(what),
        Some(what) => parts.push(format!("of {what}")),
        None if parts.is_empty() => parts.push("everything".to_owned()),
        None => {}
    }
    for (word, values) in [("in", &rule.namespaces), ("by", &rule.users), ("by group", &rule.user_groups)] {
        if !values.is_empty() {
            parts.push(format!("{word} {}", few(values)));
        }
    }
    parts.join(" ")
}

fn describe_entry(entry: &GroupResources) -> Vec<String> {
    let with_group = |what: &String| {
        let (resource, subresource) =
            what.split_once('/').map_or((what.as_str(), None), |(one, other)| (one, Some(other)));
        let mut words =
            if entry.group.is_empty() { resource.to_owned() } else { format!("{resource}.{}", entry.group) };
        if let Some(subresource) = subresource {
            words = format!("{words}/{subresource}");
        }
        if entry.resource_names.is_empty() {
            words
        } else {
            format!("{words} named {}", few(&entry.resource_names))
        }
    };
    match (entry.resources.as_slice(), entry.group.as_str()) {
        ([], "") => vec!["all of the core group".to_owned()],
        ([], group) => vec![format!("all of {group}")],
        (resources, _) => resources.iter().map(with_group).collect(),
    }
}

fn few(values: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> =
        values.iter().take(SHOWN).map(|value| if value.is_empty() { "\"\"" } else { value }).collect();
    match values.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
