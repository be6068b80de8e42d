//! What a policy logs that it should not, and what it logs for nothing.

use crate::policy::decide::{Request, Resource, Target, User, decide};
use crate::policy::describe::describe_request;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{Level, Policy, Stage};
use crate::policy::reach::{Reach, Scope, TooComplex};
use crate::yaml::Path;

/// What has credentials in its bodies: group, resource, subresource. CIS 3.2.2 names all but the last, whose answer is a
/// token.
const CREDENTIALS: [(&str, &str, &str); 4] = [
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("authentication.k8s.io", "tokenreviews", ""),
    ("", "serviceaccounts", "token"),
];

/// Looks at levels and stages.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    if check_bodies(policy, found).is_err() {
        let message = "not all was found out about the bodies that rules log";
        found.add(catalogue::TOO_COMPLEX, Path::root().key("rules"), message);
    }
    check_stages(policy, found);
    check_volume(policy, found);
}

/// Asks about every request for each resource, so what no request comes to is not blamed.
fn check_bodies(policy: &Policy, found: &mut Found<'_>) -> Result<(), TooComplex> {
    let reach = Reach::of(&policy.rules)?;
    let mut by_rule: Vec<(usize, Vec<String>, Request)> = Vec::new();
    for (group, resource, subresource) in CREDENTIALS {
        let scope = Scope { resource: Some((group, resource, subresource)) };
        for (index, rule) in policy.rules.iter().enumerate().filter(|(_, rule)| rule.level >= Level::Request)
        {
            let Some(example) = reach.example(rule, index, scope)? else { continue };
            let name = if subresource.is_empty() {
                resource.to_owned()
            } else {
                format!("{resource}/{subresource}")
            };
            match by_rule.iter_mut().find(|(rule, ..)| *rule == index) {
                Some((_, names, _)) => names.push(name),
                None => by_rule.push((index, vec![name], example)),
            }
        }
    }
    for (index, names, example) in by_rule {
        let message = format!(
            "this rule logs the bodies of {}, for example of {}",
            names.join(", "),
            describe_request(&example)
        );
        found.add(catalogue::BODIES, path_of_rule(index), message);
    }
    Ok(())
}

fn check_stages(policy: &Policy, found: &mut Found<'_>) {
    if policy.omit_stages.contains(&Stage::RequestReceived) {
        return;
    }
    let logs_it = |index: &usize| {
        policy.rules.get(*index).is_some_and(|rule| {
            rule.level != Level::None && !rule.omit_stages.contains(&Stage::RequestReceived)
        })
    };
    let rules: Vec<usize> = (0..policy.rules.len()).filter(logs_it).collect();
    let message = match rules.as_slice() {
        [] => return,
        [one] => format!("rules[{one}]{} logs every request twice", found.line_of_rule(*one)),
        many => format!("{} rules log every request twice", many.len()),
    };
    let key = if policy.omit_stages.is_empty() { "rules" } else { "omitStages" };
    found.add(catalogue::REQUEST_RECEIVED, Path::root().key(key), message);
}

/// Who, and in which groups beside that of every user; the verb; group, resource and namespace.
type Write = (&'static str, &'static [&'static str], &'static str, [&'static str; 3]);

/// What the parts of a cluster write all the time, as they do it.
const BOOKKEEPING: [Write; 4] = [
    ("system:node:node-1", &["system:nodes"], "update", ["coordination.k8s.io", "leases", "kube-node-lease"]),
    ("system:node:node-1", &["system:nodes"], "create", ["", "events", "default"]),
    ("system:kube-scheduler", &[], "create", ["events.k8s.io", "events", "default"]),
    (
        "system:serviceaccount:kube-system:endpointslice-controller",
        &["system:serviceaccounts", "system:serviceaccounts:kube-system"],
        "update",
        ["discovery.k8s.io", "endpointslices", "default"],
    ),
];

fn check_volume(policy: &Policy, found: &mut Found<'_>) {
    let mut by_rule: Vec<(usize, Vec<String>)> = Vec::new();
    for (user, groups, verb, target) in BOOKKEEPING {
        let groups = groups.iter().chain(&["system:authenticated"]).map(ToString::to_string).collect();
        let [group, resource, namespace] = target.map(str::to_owned);
        let shown = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
        let name = if verb == "create" { String::new() } else { "node-1".to_owned() };
        let target = Target::Resource(Resource { group, resource, namespace, name, ..Resource::default() });
        let user = Some(User { name: user.to_owned(), groups });
        let decision = decide(policy, &Request { user, verb: verb.to_owned(), target });
        let (Some(index), true) = (decision.rule, decision.level != Level::None) else { continue };
        match by_rule.iter_mut().find(|(rule, _)| *rule == index) {
            Some((_, names)) => names.push(shown),
            None => by_rule.push((index, vec![shown])),
        }
    }
    for (index, names) in by_rule {
        let message = format!("this rule logs what the cluster writes about itself: {}", names.join(", "));
        found.add(catalogue::VOLUME, path_of_rule(index), message);
    }
}
