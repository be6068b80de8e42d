//! Rules and parts of rules that never decide, and requests of which no rule decides: by exact reasoning over the
//! conditions of the rules, see [`reach`](crate::policy::reach).

use crate::policy::describe::describe_request;
use crate::policy::go;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{GroupResources, Level, Policy, Rule, Stage};
use crate::policy::reach::{Reach, TooComplex};
use crate::policy::space::Scope;
use crate::yaml::Path;

/// Looks at every rule, and at what none of them takes.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    if check_all(policy, found).is_err() {
        let message = "which rules can decide was not found out";
        found.add(catalogue::TOO_COMPLEX, Path::root().key("rules"), message);
    }
}

fn check_all(policy: &Policy, found: &mut Found<'_>) -> Result<(), TooComplex> {
    let reach = Reach::of(&policy.rules, Scope::default());
    let mut logs_something = false;
    for (index, rule) in policy.rules.iter().enumerate() {
        if reach.example(rule, 0..index)?.is_some() {
            let is_omitted =
                |stage: &Stage| rule.omit_stages.contains(stage) || policy.omit_stages.contains(stage);
            logs_something |= rule.level != Level::None && !Stage::ALL.iter().all(is_omitted);
            check_parts(&reach, rule, index, found)?;
        } else if reach.is_possible(rule) {
            report_unreachable(policy, &reach, index, found)?;
        } else {
            found.add(catalogue::MATCHES_NOTHING, path_of_rule(index), "this rule matches no request");
        }
    }
    let rules = Path::root().key("rules");
    if !logs_something {
        found.add(catalogue::LOGS_NOTHING, rules, "no request makes an event");
        return Ok(());
    }
    let everything = Rule::for_everything(Level::None);
    if let Some(example) = reach.example(&everything, 0..policy.rules.len())? {
        let message = format!("no rule matches every request: {} is not logged", describe_request(&example));
        found.add(catalogue::NO_CATCH_ALL, rules, message);
    }
    Ok(())
}

/// Names the rules that take everything: as few as are needed.
fn report_unreachable(
    policy: &Policy,
    reach: &Reach,
    index: usize,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let Some(rule) = policy.rules.get(index) else { return Ok(()) };
    let mut needed: Vec<usize> = (0..index).collect();
    for candidate in 0..index {
        let without: Vec<usize> = needed.iter().copied().filter(|it| *it != candidate).collect();
        if reach.example(rule, without.iter().copied())?.is_none() {
            needed = without;
        }
    }
    let names: Vec<String> =
        needed.iter().map(|rule| format!("rules[{rule}]{}", found.line_of_rule(*rule))).collect();
    let levels_differ = needed.iter().filter_map(|it| policy.rules.get(*it)).any(|it| it.level != rule.level);
    let take = if names.len() == 1 { "takes" } else { "together take" };
    let effect = if levels_differ {
        format!("its level {} is never used", rule.level)
    } else {
        "the level is the same".to_owned()
    };
    let message =
        format!("this rule never decides: {} {take} every request before it; {effect}", names.join(", "));
    found.add(catalogue::UNREACHABLE, path_of_rule(index), message);
    Ok(())
}

/// Tries the rule with one value at a time.
fn check_parts(reach: &Reach, rule: &Rule, index: usize, found: &mut Found<'_>) -> Result<(), TooComplex> {
    for (path, value, part) in parts(rule, &path_of_rule(index)) {
        if reach.is_possible(&part) && reach.example(&part, 0..index)?.is_none() {
            let message = format!("earlier rules take every request that this rule matches with {value}");
            found.add(catalogue::SHADOWED, path, message);
        }
    }
    Ok(())
}

/// The rule with each of its values alone, where it has several.
fn parts(rule: &Rule, path: &Path) -> Vec<(Path, String, Rule)> {
    type Field = fn(&mut Rule) -> &mut Vec<String>;
    let fields: [(&str, &Vec<String>, Field); 5] = [
        ("users", &rule.users, |rule| &mut rule.users),
        ("userGroups", &rule.user_groups, |rule| &mut rule.user_groups),
        ("verbs", &rule.verbs, |rule| &mut rule.verbs),
        ("namespaces", &rule.namespaces, |rule| &mut rule.namespaces),
        ("nonResourceURLs", &rule.non_resource_urls, |rule| &mut rule.non_resource_urls),
    ];
    let mut parts = Vec::new();
    for (key, values, field) in fields {
        if values.len() < 2 {
            continue;
        }
        for (index, value) in values.iter().enumerate() {
            let mut part = rule.clone();
            *field(&mut part) = vec![value.clone()];
            parts.push((path.clone().key(key).index(index), go::quote(value), part));
        }
    }
    for (index, entry) in
        rule.resources.iter().enumerate().filter(|(_, entry)| entry.resource_names.len() > 1)
    {
        let path = path.clone().key("resources").index(index).key("resourceNames");
        for (index, name) in entry.resource_names.iter().enumerate() {
            let one = GroupResources { resource_names: vec![name.clone()], ..entry.clone() };
            let part = Rule { resources: vec![one], ..rule.clone() };
            parts.push((path.clone().index(index), go::quote(name), part));
        }
    }
    let patterns: usize = rule.resources.iter().map(|entry| entry.resources.len().max(1)).sum();
    for (index, entry) in rule.resources.iter().enumerate().filter(|_| patterns > 1) {
        let path = path.clone().key("resources").index(index);
        let alone = |entry| Rule { resources: vec![entry], ..rule.clone() };
        if entry.resources.is_empty() {
            parts.push((path, format!("the group {}", go::quote(&entry.group)), alone(entry.clone())));
            continue;
        }
        for (index, pattern) in entry.resources.iter().enumerate() {
            let mut one = entry.clone();
            one.resources = vec![pattern.clone()];
            parts.push((path.clone().key("resources").index(index), go::quote(pattern), alone(one)));
        }
    }
    parts
}
