//! Why a rule does not match, what differs between policies, and older versions.

use std::collections::BTreeSet;

use kaudit::policy::diff;
use kaudit::policy::migrate;
use kaudit::policy::presets::preset;
use kaudit::policy::{
    ApiVersion, Level, Policy, Request, Resource, Target, User, decide, examine, judge, why_not,
};

use super::random::{self, Random};
use super::reach::is_sent;

const MINOR: u32 = 36;

fn random_request(random: &mut Random) -> Request {
    let (group, resource) = random.resource();
    let target = if random.chance(80) {
        let [subresource, namespace, name] = [&random::SUBRESOURCES[..], &random::NAMESPACES, &random::NAMES]
            .map(|words| random.word(words).to_owned());
        Target::Resource(Resource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource,
            namespace,
            name,
        })
    } else {
        Target::Path(random.word(&random::PATHS).to_owned())
    };
    let user = User { name: random.word(&random::USERS).to_owned(), groups: random.some(&random::GROUPS, 3) };
    Request {
        user: (!random.chance(5)).then_some(user),
        verb: random.word(&random::VERBS).to_owned(),
        target,
    }
}

/// Random policies and requests, as the differential tests against Go have them.
fn random_pairs(count: usize, mut check: impl FnMut(&Policy, &Request)) {
    let mut random = Random::new(super::oracle::seed());
    for _ in 0..count {
        let policy = examine(&random::policy(&mut random), MINOR).policy.unwrap();
        for _ in 0..20 {
            check(&policy, &random_request(&mut random));
        }
    }
}

#[test]
fn a_reason_is_given_for_every_rule_that_is_passed_over_and_for_no_other() {
    random_pairs(2000, |policy, request| {
        let decided = decide(policy, request).rule;
        let first = policy.rules.iter().position(|rule| why_not(rule, request).is_none());
        assert_eq!(first, decided, "{request:?} {policy:?}");
    });
}

#[test]
fn a_difference_is_found_exactly_where_requests_are_decided_differently() {
    let mut random = Random::new(super::oracle::seed());
    for _ in 0..300 {
        let [before, after] = [(); 2].map(|()| examine(&random::policy(&mut random), MINOR).policy.unwrap());
        let classes = diff(&before, &after).unwrap();
        let known: BTreeSet<_> = classes.iter().map(|class| (class.before.rule, class.after.rule)).collect();
        for class in &classes {
            assert_eq!(decide(&before, &class.example), class.before);
            assert_eq!(decide(&after, &class.example), class.after);
        }
        for _ in 0..300 {
            let request = random_request(&mut random);
            if !is_sent(&request) {
                continue;
            }
            let (one, other) = (decide(&before, &request), decide(&after, &request));
            if one.level != other.level {
                assert!(known.contains(&(one.rule, other.rule)), "{request:?}");
            }
        }
        assert_eq!(diff(&before, &before).unwrap(), []);
    }
}

#[test]
fn the_presets_differ_in_what_they_say_they_differ() {
    let [default, bodies] =
        ["default", "write-bodies"].map(|name| judge(preset::find(name).unwrap().text, MINOR).unwrap());
    let classes = diff(&default, &bodies).unwrap();
    assert!(!classes.is_empty());
    assert!(classes.iter().all(|class| class.after.level >= class.before.level));
    assert!(
        classes
            .iter()
            .any(|class| class.before.level == Level::Metadata && class.after.level == Level::Request)
    );
}

#[test]
fn a_policy_of_an_older_version_is_migrated_with_its_comments() {
    let old =
        "# mine\napiVersion: audit.k8s.io/v1beta1 # old\nkind: Policy\nrules:\n# all\n- {level: Metadata}\n";
    let migrated = migrate(old).unwrap();
    assert_eq!(migrated.from, ApiVersion::V1beta1);
    assert_eq!(migrated.text, old.replace("v1beta1", "v1"));
    let crlf = old.replace('\n', "\r\n").replace("v1beta1", "v1alpha1");
    assert_eq!(migrate(&crlf).unwrap().text, crlf.replace("v1alpha1", "v1"));
    let current = preset::find("default").unwrap().text;
    assert_eq!(migrate(current).unwrap().text, current);
    let unknown = old.replace("level:", "colour: red, level:");
    assert_eq!(migrate(&unknown).unwrap().findings.len(), 1);
    for (refused, reason) in [
        ("kind: Policy\n", "1.36 would not start with this policy: unknown group version"),
        ("a: [\n", "1.36 would not start with this policy: failed decoding: yaml"),
        // Of a version that was removed the last release that read it says what is wrong beside.
        (
            &old.replace("level: Metadata", "level: yes"),
            "1.23 would not start with this policy: failed decoding: json",
        ),
        (&old.replace("{level: Metadata}", ""), "1.23 would not start with this policy: rules[0].level"),
        (&format!("{old}---\na: b\n"), "not safe to edit: a second YAML document"),
        (&format!("{old}kind: Policy\n"), "not safe to edit: the key `kind` is there twice"),
        (
            &old.replace("apiVersion: ", "apiVersion: &a ").replace("kind:", "metadata: {name: *a}\nkind:"),
            "share this part",
        ),
    ] {
        let refusal = migrate(refused).unwrap_err();
        assert!(refusal.message.contains(reason), "{refused}{refusal:?}");
        assert!(refusal.location.position.is_some());
    }
}
