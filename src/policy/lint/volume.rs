//! What a policy logs for nothing: stages, and what a cluster writes about itself.

use crate::policy::decide::decision::{Request, Resource, Target, User, decide};
use crate::policy::lint::catalogue;
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::model::{Level, Policy, Stage};
use crate::yaml::Path;

/// Looks at stages and at levels.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    check_stages(policy, found);
    check_volume(policy, found);
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
