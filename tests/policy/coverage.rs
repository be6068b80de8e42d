//! What lint says of rules that cannot decide, against brute force over all requests of small random policies.

use std::collections::BTreeSet;
use std::iter::zip;

use kaudit::policy::lint::{Linted, lint};
use kaudit::policy::{
    ApiVersion, Evaluator, GroupResources, Level, Policy, Request, Rule, TooComplex, decide, diff,
};
use serde_json::{Value, json};

use crate::reach::{policy, requests, runner};

/// The text of a policy that reads as this one, for every policy that has a text.
fn text(policy: &Policy) -> String {
    let rules: Vec<Value> = policy.rules.iter().map(rule_text).collect();
    json!({ "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules }).to_string()
}

fn rule_text(rule: &Rule) -> Value {
    let entry = |entry: &GroupResources| json!({ "group": entry.group, "resources": entry.resources, "resourceNames": entry.resource_names });
    json!({
        "level": rule.level.name(),
        "users": rule.users,
        "userGroups": rule.user_groups,
        "verbs": rule.verbs,
        "namespaces": rule.namespaces,
        "resources": rule.resources.iter().map(entry).collect::<Vec<_>>(),
        "nonResourceURLs": rule.non_resource_urls,
    })
}

/// The places of the findings of a check, without `rules`.
fn found(linted: &Linted, id: &str) -> BTreeSet<String> {
    let of_check = linted.findings.iter().filter(|finding| finding.check.id == id);
    of_check.map(|finding| finding.path.to_string()).collect()
}

fn of_rules(rules: Vec<Rule>) -> Policy {
    Policy { api_version: ApiVersion::V1, rules, omit_stages: Vec::new(), omit_managed_fields: false }
}

/// Which of the requests the rule matches.
fn matched(rule: &Rule, requests: &[Request]) -> Vec<bool> {
    let evaluator = Evaluator::new(&of_rules(vec![rule.clone()]));
    requests.iter().map(|request| evaluator.decide(&request.into()).rule.is_some()).collect()
}

/// Each field of the rule that has several values, by its name, with the rule for each value alone.
fn parts(rule: &Rule) -> Vec<(String, Rule)> {
    type Field = fn(&mut Rule) -> &mut Vec<String>;
    let fields: [(&str, Field); 5] = [
        ("users", |rule| &mut rule.users),
        ("userGroups", |rule| &mut rule.user_groups),
        ("verbs", |rule| &mut rule.verbs),
        ("namespaces", |rule| &mut rule.namespaces),
        ("nonResourceURLs", |rule| &mut rule.non_resource_urls),
    ];
    let mut parts = Vec::new();
    for (name, field) in fields {
        let values = field(&mut rule.clone()).clone();
        for (index, value) in values.iter().enumerate().filter(|_| values.len() > 1) {
            let mut part = rule.clone();
            *field(&mut part) = vec![value.clone()];
            parts.push((format!("{name}[{index}]"), part));
        }
    }
    let patterns: usize = rule.resources.iter().map(|entry| entry.resources.len().max(1)).sum();
    for (index, entry) in rule.resources.iter().enumerate().filter(|_| patterns > 1) {
        let alone = |entry| Rule { resources: vec![entry], ..rule.clone() };
        if entry.resources.is_empty() {
            parts.push((format!("resources[{index}]"), alone(entry.clone())));
        }
        for (pattern, of) in entry.resources.iter().enumerate() {
            let entry = GroupResources { resources: vec![of.clone()], ..entry.clone() };
            parts.push((format!("resources[{index}].resources[{pattern}]"), alone(entry)));
        }
    }
    parts
}

#[test]
fn what_lint_says_of_rules_is_what_brute_force_finds() {
    let requests = requests();
    let outcome = runner(25).run(&policy(8), |mut policy| {
        for entry in policy.rules.iter_mut().flat_map(|rule| &mut rule.resources) {
            // A policy with names of no resource does not load.
            if entry.resources.is_empty() {
                entry.resource_names.clear();
            }
        }
        let linted = lint(&text(&policy), 36);
        assert!(linted.would_start, "{linted:?}");
        let decided: Vec<Option<usize>> = requests.iter().map(|it| decide(&policy, it).rule).collect();
        let rules: Vec<Vec<bool>> = policy.rules.iter().map(|rule| matched(rule, &requests)).collect();
        let [mut nothing, mut unreachable, mut shadowed] = [(); 3].map(|()| BTreeSet::new());
        for (index, rule) in policy.rules.iter().enumerate() {
            if decided.contains(&Some(index)) {
                for (place, part) in parts(rule) {
                    let of_part: Vec<_> =
                        zip(matched(&part, &requests), &decided).filter(|it| it.0).collect();
                    if !of_part.is_empty() && of_part.iter().all(|(_, by)| by.is_some_and(|by| by < index)) {
                        shadowed.insert(format!("rules[{index}].{place}"));
                    }
                }
            } else if rules[index].contains(&true) {
                unreachable.insert(format!("rules[{index}]"));
            } else {
                nothing.insert(format!("rules[{index}]"));
            }
        }
        assert_eq!(found(&linted, "KA301"), unreachable);
        assert_eq!(found(&linted, "KA302"), shadowed);
        assert_eq!(found(&linted, "KA303"), nothing);
        let is_something_logged = found(&linted, "KA305").is_empty();
        if is_something_logged {
            assert_eq!(!found(&linted, "KA304").is_empty(), decided.contains(&None));
        }
        check_named(&rules, &linted);
        Ok(())
    });
    outcome.unwrap();
}

/// The rules that are named together take all requests of the unreachable one, and without any of them some are left.
/// `rules` are the requests that each rule matches.
fn check_named(rules: &[Vec<bool>], linted: &Linted) {
    let number = |text: &str| text.split(']').next().unwrap().parse::<usize>().unwrap();
    for finding in linted.findings.iter().filter(|finding| finding.check.id == "KA301") {
        let unreachable = &rules[number(&finding.path.to_string()["rules[".len()..])];
        let named: Vec<usize> = finding.message.split("rules[").skip(1).map(number).collect();
        let is_left = |without: Option<usize>| {
            let others = || named.iter().filter(|rule| Some(**rule) != without);
            let is_taken = |request: usize| others().any(|rule| rules[*rule][request]);
            (0..unreachable.len()).any(|request| unreachable[request] && !is_taken(request))
        };
        assert!(!is_left(None), "{}", finding.message);
        assert!(named.iter().all(|rule| is_left(Some(*rule))), "{}", finding.message);
    }
}

/// Rather than to go on for minutes, lint and diff say that they gave up.
#[test]
fn too_many_combinations_are_not_gone_through() {
    let urls: Vec<String> = (0..13_000).map(|number| format!("/{number}*")).collect();
    let rule = Rule { non_resource_urls: urls, ..Rule::for_everything(Level::Metadata) };
    let linted = lint(&text(&of_rules(vec![rule])), 36);
    assert!(linted.would_start);
    assert_eq!(found(&linted, "KA306"), BTreeSet::from(["rules".to_owned()]));

    // Whoever is in a group of the one and in a group of the other: millions of pairs.
    let of_groups = |prefix: &str| {
        let user_groups = (0..2100).map(|number| format!("{prefix}{number}")).collect();
        of_rules(vec![Rule { user_groups, ..Rule::for_everything(Level::Metadata) }])
    };
    let mut after = of_groups("b");
    after.rules[0].level = Level::Request;
    assert_eq!(diff(&of_groups("a"), &after), Err(TooComplex));
    assert_eq!(diff(&of_groups("b"), &after).unwrap().len(), 1);
}
