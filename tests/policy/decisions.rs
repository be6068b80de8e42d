//! Decisions about requests, compared with those of the API server's own evaluator.
//!
//! `tests/policy/go-decisions.jsonl` holds policies, requests and what `tests/go/policy` (Kubernetes 1.36) decided.
//! With `KAUDIT_GO_POLICY` set to that program, a larger number of new ones is compared as well.

use std::collections::BTreeSet;
use std::fs;

use kaudit::policy::{Policy, Request, Resource, Target, User, decide, examine, preset};
use serde::{Deserialize, Serialize};

use crate::oracle;
use crate::random::{self, Random};

const MINOR: u32 = 36;

/// A line of the data, as the Go program reads and writes it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Case {
    policy: String,
    requests: Vec<Attributes>,
    error: String,
    decisions: Vec<Answer>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attributes {
    user: String,
    no_user: bool,
    groups: Vec<String>,
    verb: String,
    namespace: String,
    #[serde(rename = "apiGroup")]
    api_group: String,
    resource: String,
    subresource: String,
    name: String,
    path: String,
    resource_request: bool,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    level: String,
    omit_stages: BTreeSet<String>,
    omit_managed_fields: bool,
    rule: Option<usize>,
}

impl Attributes {
    fn request(&self) -> Request {
        let target = if self.resource_request {
            Target::Resource(Resource {
                group: self.api_group.clone(),
                resource: self.resource.clone(),
                subresource: self.subresource.clone(),
                namespace: self.namespace.clone(),
                name: self.name.clone(),
            })
        } else {
            Target::Path(self.path.clone())
        };
        let user = User { name: self.user.clone(), groups: self.groups.clone() };
        Request { user: (!self.no_user).then_some(user), verb: self.verb.clone(), target }
    }
}

fn answer(policy: &Policy, attributes: &Attributes) -> Answer {
    let decision = decide(policy, &attributes.request());
    Answer {
        level: decision.level.to_string(),
        omit_stages: decision.omit_stages.iter().map(|stage| stage.to_string()).collect(),
        omit_managed_fields: decision.omit_managed_fields,
        rule: decision.rule,
    }
}

/// Compares every decision and returns their number. Data without rules that decide would prove nothing, so the
/// share of requests that some rule matches is checked too.
fn compare(answered: &str) -> usize {
    let mut decisions = 0;
    let mut matched = 0;
    for line in answered.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        assert_eq!(case.error, "", "{}", case.policy);
        let policy =
            examine(&case.policy, MINOR).policy.unwrap_or_else(|| panic!("refused: {}", case.policy));
        assert_eq!(case.requests.len(), case.decisions.len());
        for (attributes, expected) in case.requests.iter().zip(&case.decisions) {
            assert_eq!(answer(&policy, attributes), *expected, "{attributes:?} under\n{}", case.policy);
            decisions += 1;
            matched += usize::from(expected.rule.is_some());
        }
    }
    assert!(matched * 4 > decisions, "{matched} of {decisions} requests match a rule");
    decisions
}

#[test]
fn decisions_are_those_of_the_api_server() {
    let answered = fs::read_to_string("tests/policy/go-decisions.jsonl").unwrap();
    let decisions = compare(&answered);
    assert!(decisions >= 2000, "{decisions} decisions");
}

#[test]
fn new_decisions_are_those_of_the_api_server() {
    const POLICIES: usize = 5000;
    const REQUESTS: usize = 40;
    let Some(program) = oracle::program() else { return };
    let mut random = Random::new(oracle::seed());
    let mut questions = Vec::new();
    let presets = preset::all().iter().map(|preset| preset.text.to_owned());
    let policies: Vec<_> = presets.chain((0..POLICIES).map(|_| random::policy(&mut random))).collect();
    for policy in policies {
        let requests = (0..REQUESTS).map(|_| attributes(&mut random)).collect();
        let case = Case { policy, requests, ..Case::default() };
        serde_json::to_writer(&mut questions, &case).unwrap();
        questions.push(b'\n');
    }
    let decisions = compare(&oracle::ask(&program, questions));
    assert!(decisions >= POLICIES * REQUESTS, "{decisions} decisions");
}

fn attributes(random: &mut Random) -> Attributes {
    let resource_request = random.chance(80);
    let of_resource = |text: &str| if resource_request { text.to_owned() } else { String::new() };
    let (api_group, resource) = random.resource();
    Attributes {
        no_user: random.chance(5),
        user: random.word(&random::USERS).to_owned(),
        groups: random.some(&random::GROUPS, 3),
        verb: random.word(&random::VERBS).to_owned(),
        api_group: of_resource(api_group),
        resource: of_resource(resource),
        subresource: of_resource(random.word(&random::SUBRESOURCES)),
        namespace: of_resource(random.word(&random::NAMESPACES)),
        name: of_resource(random.word(&random::NAMES)),
        path: if resource_request { String::new() } else { random.word(&random::PATHS).to_owned() },
        resource_request,
    }
}
