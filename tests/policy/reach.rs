//! Which rules can decide, against brute force: every request over the values of small random policies and one value more
//! of each kind is decided one by one.

use std::collections::BTreeSet;

use kaudit::policy::{
    ApiVersion, GroupResources, Level, Policy, Request, Resource, Rule, Scope, Target, User, decide, outcomes,
};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any};
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const USERS: [&str; 3] = ["alice", "*", "eve"];
const GROUPS: [&str; 2] = ["devs", "nodes"];
const VERBS: [&str; 3] = ["get", "create", "list"];
const NAMESPACES: [&str; 3] = ["", "a", "zz"];
const API_GROUPS: [&str; 3] = ["", "apps", "zz"];
const RESOURCES: [&str; 4] = ["pods", "nodes", "*", "zz"];
const SUBRESOURCES: [&str; 4] = ["", "log", "*", "zz"];
const NAMES: [&str; 3] = ["", "x", "zz"];
const PATHS: [&str; 7] = ["/", "/api", "/api/v1", "/apix", "/healthz", "/health", "/zz"];
const PATTERNS: [&str; 13] = [
    "*",
    "*/*",
    "*/log",
    "pods",
    "pods/*",
    "pods/log",
    "nodes",
    "nodes/log",
    "pods/",
    "/log",
    "a/b/c",
    "*/",
    "",
];
const URLS: [&str; 7] = ["*", "/*", "/api", "/api*", "/api/*", "/healthz", "/health*"];

fn words(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let some = subsequence(of, 0..=2).prop_map(|words| words.into_iter().map(str::to_owned).collect());
    (any::<bool>(), some)
        .prop_map(|(is_set, words): (bool, Vec<String>)| if is_set { words } else { Vec::new() })
}

fn entry() -> impl Strategy<Value = GroupResources> {
    (select(&["", "apps", "*"][..]), words(&PATTERNS), words(&NAMES[..2])).prop_map(
        |(group, resources, resource_names)| GroupResources {
            group: group.to_owned(),
            resources,
            resource_names,
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    let target = (0..3_u8, vec(entry(), 0..3), words(&NAMESPACES[..2]), words(&URLS));
    (words(&USERS[..2]), words(&GROUPS), words(&VERBS[..2]), target).prop_map(
        |(users, user_groups, verbs, (kind, resources, namespaces, non_resource_urls))| {
            let rule = Rule { users, user_groups, verbs, ..Rule::for_everything(Level::Metadata) };
            match kind {
                0 => rule,
                1 => Rule { non_resource_urls, ..rule },
                _ => Rule { resources, namespaces, ..rule },
            }
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    (vec(rule(), 1..6), Just(ApiVersion::V1)).prop_map(|(rules, api_version)| Policy {
        api_version,
        rules,
        omit_stages: Vec::new(),
        omit_managed_fields: false,
    })
}

/// Every request over all values.
fn requests() -> Vec<Request> {
    let mut targets: Vec<Target> = PATHS.map(|path| Target::Path(path.to_owned())).into();
    for group in API_GROUPS {
        for resource in RESOURCES {
            for subresource in SUBRESOURCES {
                for namespace in NAMESPACES {
                    for name in NAMES {
                        let [group, resource, subresource, namespace, name] =
                            [group, resource, subresource, namespace, name].map(str::to_owned);
                        targets.push(Target::Resource(Resource {
                            group,
                            resource,
                            subresource,
                            namespace,
                            name,
                        }));
                    }
                }
            }
        }
    }
    let mut users = vec![None];
    for name in USERS {
        for groups in [&[][..], &GROUPS[..1], &GROUPS[1..], &GROUPS] {
            let groups = groups.iter().map(ToString::to_string).collect();
            users.push(Some(User { name: name.to_owned(), groups }));
        }
    }
    let mut requests = Vec::new();
    for target in targets {
        for verb in VERBS {
            let of = |user: &Option<User>| Request {
                user: user.clone(),
                verb: verb.to_owned(),
                target: target.clone(),
            };
            requests.extend(users.iter().map(of));
        }
    }
    requests
}

pub(crate) fn runner(cases: u32) -> TestRunner {
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().map_or(cases, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..Config::default() };
    let seed = crate::oracle::seed().to_le_bytes().repeat(4);
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[test]
fn what_can_decide_is_what_brute_force_finds() {
    let requests = requests();
    let outcome = runner(60).run(&(policy(), policy()), |(one, other)| {
        let policies = [&one, &other];
        let tried: BTreeSet<Vec<Option<usize>>> = requests
            .iter()
            .map(|request| policies.map(|policy| decide(policy, request).rule).to_vec())
            .collect();
        let found = outcomes(&policies, Scope::default(), |_| true).unwrap();
        for (rules, example) in &found {
            let decided = policies.map(|policy| decide(policy, example).rule).to_vec();
            assert_eq!(&decided, rules, "{example:?}");
        }
        assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), tried);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_question_about_one_resource_is_answered_for_that_one_alone() {
    let requests = requests();
    let outcome = runner(60).run(&policy(), |policy| {
        let is_asked = |request: &&Request| match &request.target {
            Target::Resource(it) => it.group.is_empty() && it.resource == "pods" && it.subresource == "log",
            Target::Path(_) => false,
        };
        let tried: BTreeSet<Vec<Option<usize>>> =
            requests.iter().filter(is_asked).map(|request| vec![decide(&policy, request).rule]).collect();
        let found = outcomes(&[&policy], Scope { resource: Some(("", "pods", "log")) }, |_| true).unwrap();
        assert!(found.values().all(|example| is_asked(&example)));
        assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), tried);
        Ok(())
    });
    outcome.unwrap();
}
