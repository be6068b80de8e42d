//! Rules and parts of rules that never decide, and requests of which no rule decides: by exact reasoning over the
//! conditions of the rules, see [`outcomes`].

use crate::policy::describe::describe_request;
use crate::policy::go;
use crate::policy::lint::{Found, catalogue, path_of_rule};
use crate::policy::model::{Level, Policy, Rule, Stage};
use crate::policy::reach::{TooComplex, outcomes};
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
    let possible = outcomes(&[policy], Scope::default())?;
    let decides = |index: usize| possible.contains_key(&vec![Some(index)]);
    for (index, rule) in policy.rules.iter().enumerate() {
        let earlier = policy.rules.get(..index).unwrap_or_default();
        if decides(index) {
            check_parts(earlier, rule, index, found)?;
        } else if can_decide(&[], rule)? {
            report_unreachable(earlier, rule, index, found)?;
        } else {
            found.add(catalogue::MATCHES_NOTHING, path_of_rule(index), "this rule matches no request");
        }
    }
    let logs = |rule: &Rule| {
        let is_omitted =
            |stage: &Stage| rule.omit_stages.contains(stage) || policy.omit_stages.contains(stage);
        rule.level != Level::None && !Stage::ALL.iter().all(is_omitted)
    };
    let logs_something = policy.rules.iter().enumerate().any(|(index, rule)| logs(rule) && decides(index));
    if !logs_something {
        found.add(catalogue::LOGS_NOTHING, Path::root().key("rules"), "no request makes an event");
    } else if let Some(example) = possible.get(&vec![None]) {
        let message = format!("no rule matches every request: {} is not logged", describe_request(example));
        found.add(catalogue::NO_CATCH_ALL, Path::root().key("rules"), message);
    }
    Ok(())
}

/// Whether `rule` decides of some request when it stands behind `earlier`.
fn can_decide(earlier: &[Rule], rule: &Rule) -> Result<bool, TooComplex> {
    let rules: Vec<Rule> = earlier.iter().chain([rule]).cloned().collect();
    let last = rules.len().saturating_sub(1);
    let policy = Policy {
        api_version: crate::policy::ApiVersion::V1,
        rules,
        omit_stages: Vec::new(),
        omit_managed_fields: false,
    };
    Ok(outcomes(&[&policy], Scope::default())?.contains_key(&vec![Some(last)]))
}

/// Names the rules that take everything: as few as are needed.
fn report_unreachable(
    earlier: &[Rule],
    rule: &Rule,
    index: usize,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let mut needed: Vec<usize> = (0..earlier.len()).collect();
    for candidate in 0..earlier.len() {
        let without: Vec<usize> = needed.iter().copied().filter(|it| *it != candidate).collect();
        let rules: Vec<Rule> = without.iter().filter_map(|it| earlier.get(*it)).cloned().collect();
        if !can_decide(&rules, rule)? {
            needed = without;
        }
    }
    let names: Vec<String> =
        needed.iter().map(|rule| format!("rules[{rule}]{}", found.line_of_rule(*rule))).collect();
    let levels_differ = needed.iter().filter_map(|it| earlier.get(*it)).any(|it| it.level != rule.level);
    let take = if names.len() == 1 { "takes" } else { "together take" };
    let effect = if levels_differ {
        format!("its level {} is never used", rule.level)
    } else {
        "it has the same level, so nothing changes without it".to_owned()
    };
    let message =
        format!("this rule never decides: {} {take} every request before it; {effect}", names.join(", "));
    found.add(catalogue::UNREACHABLE, path_of_rule(index), message);
    Ok(())
}

/// Tries the rule with one value at a time.
fn check_parts(earlier: &[Rule], rule: &Rule, index: usize, found: &mut Found<'_>) -> Result<(), TooComplex> {
    if earlier.is_empty() {
        return Ok(());
    }
    for (path, value, part) in parts(rule, &path_of_rule(index)) {
        if !can_decide(earlier, &part)? && can_decide(&[], &part)? {
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
