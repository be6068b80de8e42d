//! Rules and parts of rules that never decide, and requests of which no rule decides: by exact reasoning over the
//! conditions of the rules, see [`reach`](crate::policy::reach).

use crate::policy::decide::{Request, matches};
use crate::policy::describe::describe_request;
use crate::policy::go;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{GroupResources, Level, Policy, Rule, Stage};
use crate::policy::reach::{Reach, Rules, Scope, TooComplex};
use crate::yaml::Path;

/// Looks at every rule, and at what none of them takes.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    if check_all(policy, found).is_err() {
        let message = "not all was found out about the requests that rules can decide";
        found.add(catalogue::TOO_COMPLEX, Path::root().key("rules"), message);
    }
}

/// What matters most comes first, in case that not all can be found out.
fn check_all(policy: &Policy, found: &mut Found<'_>) -> Result<(), TooComplex> {
    let reach = Reach::of(&policy.rules)?;
    // What a rule that never decides would take is taken by those before it.
    let mut deciding = Vec::new();
    let mut others = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let earlier = reach.rules(deciding.iter().copied());
        if reach.left(rule, &earlier)?.is_some() {
            deciding.push(index);
        } else if reach.is_possible(rule)? {
            others.push(index);
        } else {
            found.add(catalogue::MATCHES_NOTHING, path_of_rule(index), "this rule matches no request");
        }
    }
    check_rest(policy, &reach, &deciding, found)?;
    let before = |index: usize| -> Vec<usize> { deciding.iter().copied().filter(|it| *it < index).collect() };
    for index in &others {
        report_unreachable(policy, &reach, *index, before(*index), found)?;
    }
    for index in &deciding {
        check_parts(policy, &reach, *index, &reach.rules(before(*index).into_iter()), found)?;
    }
    Ok(())
}

/// Whether anything is logged, and what no rule takes.
fn check_rest(
    policy: &Policy,
    reach: &Reach<'_>,
    deciding: &[usize],
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let logs = |rule: &Rule| {
        let is_omitted =
            |stage: &Stage| rule.omit_stages.contains(stage) || policy.omit_stages.contains(stage);
        rule.level != Level::None && !Stage::ALL.iter().all(is_omitted)
    };
    let rules = Path::root().key("rules");
    if !deciding.iter().filter_map(|index| policy.rules.get(*index)).any(logs) {
        found.add(catalogue::LOGS_NOTHING, rules, "no request makes an event");
        return Ok(());
    }
    let everything = Rule::for_everything(Level::None);
    if let Some(example) = reach.example(&everything, policy.rules.len(), Scope::default())? {
        let message = format!("no rule matches every request: {} is not logged", describe_request(&example));
        found.add(catalogue::NO_CATCH_ALL, rules, message);
    }
    Ok(())
}

/// Names the rules that take everything: as few as are needed, and rather the first ones. `needed` are those before it
/// that decide of any request.
fn report_unreachable(
    policy: &Policy,
    reach: &Reach<'_>,
    index: usize,
    mut needed: Vec<usize>,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let Some(rule) = policy.rules.get(index) else { return Ok(()) };
    for candidate in needed.clone().into_iter().rev() {
        let without: Vec<usize> = needed.iter().copied().filter(|it| *it != candidate).collect();
        if reach.left(rule, &reach.rules(without.iter().copied()))?.is_none() {
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
fn check_parts(
    policy: &Policy,
    reach: &Reach<'_>,
    index: usize,
    earlier: &Rules,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let Some(rule) = policy.rules.get(index) else { return Ok(()) };
    // What was left of one part is left of every part that matches it.
    let mut left: Vec<Request> = Vec::new();
    for (path, value, part) in parts(rule, &path_of_rule(index)) {
        if left.iter().any(|request| matches(&part, request)) {
            continue;
        }
        match reach.left(&part, earlier)? {
            Some(request) => left.push(request),
            None if reach.is_possible(&part)? => {
                let message = format!("earlier rules take every request that this rule matches with {value}");
                found.add(catalogue::SHADOWED, path, message);
            }
            None => {}
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
