//! What lint says of rules that cannot decide, against brute force over all requests of small random policies.

use std::collections::BTreeSet;
use std::iter::zip;

use kaudit::policy::diff;
use kaudit::policy::lint::{Linted, lint};
use kaudit::policy::{
    ApiVersion, Evaluator, GroupResources, Level, Policy, Request, Rule, TooComplex, decide,
};
use serde_json::{Value, json};

use super::reach::{policy, requests, runner};

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

/// The rule with one of several names of an entry, by its place, and the rule with that entry alone.
fn names(rule: &Rule) -> Vec<(String, Rule, Rule)> {
    let mut names = Vec::new();
    for (index, entry) in rule.resources.iter().enumerate() {
        let alone = |entry| Rule { resources: vec![entry], ..rule.clone() };
        for (name, of) in entry.resource_names.iter().enumerate().filter(|_| entry.resource_names.len() > 1) {
            let one = GroupResources { resource_names: vec![of.clone()], ..entry.clone() };
            let place = format!("resources[{index}].resourceNames[{name}]");
            names.push((place, alone(one), alone(entry.clone())));
        }
    }
    names
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
        assert_eq!(linted.would_start, Some(true), "{linted:?}");
        let decided: Vec<Option<usize>> = requests.iter().map(|it| decide(&policy, it).rule).collect();
        let rules: Vec<Vec<bool>> = policy.rules.iter().map(|rule| matched(rule, &requests)).collect();
        let [mut nothing, mut unreachable, mut shadowed] = [(); 3].map(|()| BTreeSet::new());
        for (index, rule) in policy.rules.iter().enumerate() {
            if decided.contains(&Some(index)) {
                let is_shadowed = |part: &Rule| {
                    let of_part: Vec<_> = zip(matched(part, &requests), &decided).filter(|it| it.0).collect();
                    !of_part.is_empty() && of_part.iter().all(|(_, by)| by.is_some_and(|by| by < index))
                };
                for (place, part) in parts(rule) {
                    if is_shadowed(&part) {
                        shadowed.insert(format!("rules[{index}].{place}"));
                    }
                }
                // Of an entry that is shadowed as a whole the patterns are named, and not each name.
                for (place, part, entry) in names(rule) {
                    if is_shadowed(&part) && !is_shadowed(&entry) {
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
        let named: Vec<usize> = finding.diagnostic.message.split("rules[").skip(1).map(number).collect();
        let is_left = |without: Option<usize>| {
            let others = || named.iter().filter(|rule| Some(**rule) != without);
            let is_taken = |request: usize| others().any(|rule| rules[*rule][request]);
            (0..unreachable.len()).any(|request| unreachable[request] && !is_taken(request))
        };
        assert!(!is_left(None), "{}", finding.diagnostic.message);
        assert!(named.iter().all(|rule| is_left(Some(*rule))), "{}", finding.diagnostic.message);
    }
}

/// Rather than to go on for minutes, lint and diff say that they gave up.
#[test]
fn too_many_combinations_are_not_gone_through() {
    // Every entry with every user: millions of pairs.
    let entry = |number: usize| {
        let resources = vec![number.to_string()];
        GroupResources { group: "x".to_owned(), resources, resource_names: Vec::new() }
    };
    let users = (0..2_100).map(|number: usize| number.to_string()).collect();
    let resources = (0..2_100).map(entry).collect();
    let rule = Rule { users, resources, ..Rule::for_everything(Level::Metadata) };
    let linted = lint(&text(&of_rules(vec![rule])), 36);
    assert_eq!(linted.would_start, Some(true));
    assert!(found(&linted, "KA306").contains("rules"));

    // Users that are in a group of one rule and in a group of the other: millions of pairs.
    let of_groups = |prefix: &str| {
        let user_groups = (0..2100).map(|number| format!("{prefix}{number}")).collect();
        of_rules(vec![Rule { user_groups, ..Rule::for_everything(Level::Metadata) }])
    };
    let mut after = of_groups("b");
    after.rules[0].level = Level::Request;
    assert_eq!(diff(&of_groups("a"), &after), Err(TooComplex));
    assert_eq!(diff(&of_groups("b"), &after).unwrap().len(), 1);
}

/// A rule of many values is looked at to its end, in a time that grows with their number and not with its square.
#[test]
#[allow(clippy::disallowed_methods, reason = "what is long is measured, against itself")]
fn very_many_values_of_one_rule_are_gone_through() {
    let time = |many: usize| {
        let started = std::time::Instant::now();
        lint_many(many);
        started.elapsed()
    };
    let (few, many) = (time(1_000), time(8_000));
    assert!(many < few * 30, "{many:?} for eight times of what takes {few:?}");
}

/// Lints rules with so many values of each field, of which an earlier rule takes the first.
fn lint_many(many: usize) {
    let values = |prefix: &str| (0..many).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>();
    let entry =
        |resources, resource_names| vec![GroupResources { group: "x".to_owned(), resources, resource_names }];
    let pods = || vec!["pods".to_owned()];
    let of_all = || Rule::for_everything(Level::Metadata);
    for (place, rule) in [
        ("users", Rule { users: values("u"), ..of_all() }),
        ("userGroups", Rule { user_groups: values("g"), ..of_all() }),
        ("namespaces", Rule { namespaces: values("n"), ..of_all() }),
        ("nonResourceURLs", Rule { non_resource_urls: values("/"), ..of_all() }),
        ("resources[0].resourceNames", Rule { resources: entry(pods(), values("p")), ..of_all() }),
        ("resources[0].resources", Rule { resources: entry(values("r"), vec![]), ..of_all() }),
    ] {
        let mut earlier = rule.clone();
        earlier.users.truncate(1);
        earlier.user_groups.truncate(1);
        earlier.namespaces.truncate(1);
        earlier.non_resource_urls.truncate(1);
        for entry in &mut earlier.resources {
            entry.resource_names.truncate(1);
            entry.resources.truncate(1);
        }
        let linted = lint(&text(&of_rules(vec![earlier, rule])), 36);
        assert_eq!(found(&linted, "KA306"), BTreeSet::new(), "{place}");
        assert_eq!(found(&linted, "KA302"), BTreeSet::from([format!("rules[1].{place}[0]")]));
    }
}
