//! Which rules can match, compared with brute force: decides every request over the values of small random policies and one
//! more value of each kind.

use std::collections::BTreeSet;

use kaudit::policy::diff;
use kaudit::policy::{
    ApiVersion, Decision, GroupResources, Level, Policy, Request, Resource, Rule, Scope, Stage, Target, User,
    decide, outcomes,
};
use proptest::collection::vec;
use proptest::option::of as maybe;
use proptest::prelude::{Strategy, any};
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
    let logged = (select(&Level::ALL[..]), subsequence(&Stage::ALL[..2], 0..=1), maybe(any::<bool>()));
    (words(&USERS[..2]), words(&GROUPS), words(&VERBS[..2]), target, logged).prop_map(
        |(users, user_groups, verbs, (kind, resources, namespaces, non_resource_urls), logged)| {
            let (level, omit_stages, omit_managed_fields) = logged;
            let of_all = Rule { omit_stages, omit_managed_fields, ..Rule::for_everything(level) };
            let rule = Rule { users, user_groups, verbs, ..of_all };
            match kind {
                0 => rule,
                1 => Rule { non_resource_urls, ..rule },
                _ => Rule { resources, namespaces, ..rule },
            }
        },
    )
}

pub(crate) fn policy(most_rules: usize) -> impl Strategy<Value = Policy> {
    let of_all = (subsequence(&Stage::ALL[..2], 0..=1), any::<bool>());
    (vec(rule(), 1..=most_rules), of_all).prop_map(|(rules, (omit_stages, omit_managed_fields))| Policy {
        api_version: ApiVersion::V1,
        rules,
        omit_stages,
        omit_managed_fields,
    })
}

/// Every request over all values.
pub(crate) fn requests() -> Vec<Request> {
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

/// Runs so many cases; with `KAUDIT_PROPTEST_CASES` set, for each thousand of those so many, because each of these goes
/// through thousands of requests.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let thousands = std::env::var("KAUDIT_PROPTEST_CASES").ok().map(|all| all.parse::<u32>().unwrap() / 1000);
    let cases = cases * thousands.unwrap_or(1).max(1);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let seed = crate::support::seed().to_le_bytes().repeat(4);
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[test]
fn what_can_decide_is_what_brute_force_finds() {
    let requests = requests();
    let outcome = runner(60).run(&(policy(5), policy(5)), |(one, other)| {
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
    let outcome = runner(60).run(&policy(12), |policy| {
        let is_asked = |request: &&Request| match &request.target {
            Target::Resource(it) => it.group.is_empty() && it.resource == "pods" && it.subresource == "log",
            Target::Path(_) => false,
        };
        let tried: BTreeSet<Vec<Option<usize>>> =
            requests.iter().filter(is_asked).map(|request| vec![decide(&policy, request).rule]).collect();
        let of_logs = Scope { resource: Some(("", "pods", "log")), ..Scope::default() };
        let found = outcomes(&[&policy], of_logs, |_| true).unwrap();
        assert!(found.values().all(|example| is_asked(&example)));
        assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), tried);
        Ok(())
    });
    outcome.unwrap();
}

/// Whether an event of the one differs from an event of the other, by what each of them holds.
fn is_logged_differently(one: &Decision, other: &Decision) -> bool {
    let stages = |decision: &Decision| -> BTreeSet<&str> {
        let is_logged =
            |stage: &Stage| decision.level != Level::None && !decision.omit_stages.contains(*stage);
        Stage::ALL.iter().filter(|stage| is_logged(stage)).map(|stage| stage.name()).collect()
    };
    let bodies = |decision: &Decision| {
        let has_bodies = decision.level == Level::Request || decision.level == Level::RequestResponse;
        has_bodies.then_some(decision.omit_managed_fields)
    };
    (one.level, stages(one), bodies(one)) != (other.level, stages(other), bodies(other))
}

/// Whether a client sends the request, and the API server serves it. Nothing here is about namespaces.
pub(crate) fn is_sent(request: &Request) -> bool {
    let verb = request.verb.as_str();
    match &request.target {
        Target::Path(path) => {
            !path.is_empty() && ["get", "post", "put", "patch", "delete", "head"].contains(&verb)
        }
        Target::Resource(it) => match (verb, it.subresource.is_empty()) {
            ("get" | "update" | "patch" | "delete", _) | ("create", false) => !it.name.is_empty(),
            ("create" | "deletecollection", true) => it.name.is_empty(),
            ("list" | "watch", is_object) => is_object,
            _ => false,
        },
    }
}

/// Those of all requests that are sent, with verbs that no policy mentions for what no list is for.
fn requests_sent() -> Vec<Request> {
    let with_others = |request: Request| {
        let others: &[&str] = if request.verb == "list" { &["update", "put"] } else { &[] };
        let others: Vec<Request> =
            others.iter().map(|verb| Request { verb: (*verb).to_owned(), ..request.clone() }).collect();
        others.into_iter().chain([request])
    };
    requests().into_iter().flat_map(with_others).filter(is_sent).collect()
}

#[test]
fn every_request_that_is_logged_differently_is_in_one_class_of_the_difference() {
    let requests = requests_sent();
    let outcome = runner(60).run(&(policy(5), policy(5)), |(before, after)| {
        let classes = diff(&before, &after).unwrap();
        for class in &classes {
            assert_eq!(decide(&before, &class.example), class.before, "{class:?}");
            assert_eq!(decide(&after, &class.example), class.after, "{class:?}");
            assert!(is_logged_differently(&class.before, &class.after), "{class:?}");
            assert!(is_sent(&class.example), "{class:?}");
        }
        for request in &requests {
            let (one, other) = (decide(&before, request), decide(&after, request));
            let of_its =
                classes.iter().filter(|it| it.before.rule == one.rule && it.after.rule == other.rule);
            let expected = usize::from(is_logged_differently(&one, &other));
            assert_eq!(of_its.count(), expected, "{request:?}: {one:?} {other:?}");
        }
        Ok(())
    });
    outcome.unwrap();
}
