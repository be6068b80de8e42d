//! The evaluator for many requests against the one that is written as the API server's source reads: odd policies,
//! among them ones that no API server would load, and odd requests, among them ones that none would get.

use kaudit::policy::{
    ApiVersion, Evaluator, GroupResources, Level, Policy, Request, RequestRef, Resource, Rule, Stage, Target,
    User, decide,
};
use proptest::collection::vec;
use proptest::option::{of as maybe, weighted};
use proptest::prelude::{Strategy, any};
use proptest::sample::{select, subsequence};

use super::reach::runner;

/// Values, patterns and parts of patterns, used in all fields.
const WORDS: [&str; 22] = [
    "", "*", "a", "b", "pods", "a/b", "a/*", "*/b", "*/*", "pods/*", "*/*/b", "a/b/*", "a/b/c", "b/c", "/",
    "a/", "/b", "//", "a*", "a**", "**", "é",
];
/// Prefixes of each other, with stars at the end, in the middle, and next to each other.
const URLS: [&str; 14] =
    ["*", "**", "/*", "/", "/a", "/a*", "/a/*", "/a**", "/a*b", "/a/b", "/ab", "", "a", "/é*"];
const PATHS: [&str; 12] = ["", "/", "*", "/a", "/a*", "/a**", "/a/b", "/ab", "/a*b", "/é", "/éa", "a"];

fn words(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    let some = vec(select(of), 0..=most).prop_map(|words| words.into_iter().map(str::to_owned).collect());
    weighted(0.4, some).prop_map(Option::unwrap_or_default)
}

fn entry() -> impl Strategy<Value = GroupResources> {
    (select(&WORDS[..5]), words(&WORDS, 3), words(&WORDS[..5], 2)).prop_map(
        |(group, resources, resource_names)| GroupResources {
            group: group.to_owned(),
            resources,
            resource_names,
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    let who = (words(&WORDS[..5], 3), words(&WORDS[..5], 3), words(&WORDS[..5], 3));
    let target = (words(&WORDS[..5], 2), weighted(0.6, vec(entry(), 0..4)), words(&URLS, 3));
    let what = (select(&Level::ALL[..]), subsequence(&Stage::ALL[..], 0..=2), maybe(any::<bool>()));
    (who, target, what).prop_map(
        |(
            (users, user_groups, verbs),
            (namespaces, resources, non_resource_urls),
            (level, omit_stages, omit_managed_fields),
        )| Rule {
            level,
            users,
            user_groups,
            verbs,
            resources: resources.unwrap_or_default(),
            namespaces,
            non_resource_urls,
            omit_stages,
            omit_managed_fields,
        },
    )
}

fn policy(rules: usize) -> impl Strategy<Value = Policy> {
    (vec(rule(), 0..rules), subsequence(&Stage::ALL[..], 0..=2), any::<bool>()).prop_map(
        |(rules, omit_stages, omit_managed_fields)| Policy {
            api_version: ApiVersion::V1,
            rules,
            omit_stages,
            omit_managed_fields,
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let word = || select(&WORDS[..]).prop_map(str::to_owned);
    let plain = || select(&WORDS[..5]).prop_map(str::to_owned);
    let user = (plain(), vec(plain(), 0..4)).prop_map(|(name, groups)| User { name, groups });
    let resource = (plain(), word(), word(), plain(), plain()).prop_map(
        |(group, resource, subresource, namespace, name)| {
            Target::Resource(Resource { group, resource, subresource, namespace, name })
        },
    );
    let path = select(&PATHS[..]).prop_map(|path| Target::Path(path.to_owned()));
    let target = (any::<bool>(), resource, path).prop_map(
        |(is_path, resource, path)| {
            if is_path { path } else { resource }
        },
    );
    (weighted(0.9, user), plain(), target).prop_map(|(user, verb, target)| Request { user, verb, target })
}

#[test]
fn odd_requests_are_decided_alike_under_odd_policies() {
    for rules in [2, 12, 150] {
        let outcome = runner(150).run(&(policy(rules), vec(request(), 100)), |(policy, requests)| {
            let evaluator = Evaluator::new(&policy);
            for request in &requests {
                assert_eq!(
                    evaluator.decide(&RequestRef::from(request)),
                    decide(&policy, request),
                    "{request:?}"
                );
            }
            Ok(())
        });
        outcome.unwrap();
    }
}
