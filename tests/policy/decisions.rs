//! Decisions about requests, compared with those of the API server's own evaluator.
//!
//! `tests/policy/go-decisions.jsonl` holds policies, requests and what `tests/go/policy` (Kubernetes 1.36) decided.
//! With `KAUDIT_GO_POLICY` set to that program, a million new ones are compared as well.

use std::collections::BTreeSet;
use std::fs;

use kaudit::policy::presets::preset;
use kaudit::policy::{Decision, Evaluator, Request, RequestRef, Resource, Target, User, decide, examine};
use serde::{Deserialize, Serialize};

use super::oracle;
use super::random::{self, Random};

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

impl Answer {
    fn of(decision: &Decision) -> Self {
        Self {
            level: decision.level.to_string(),
            omit_stages: decision.omit_stages.iter().map(|stage| stage.to_string()).collect(),
            omit_managed_fields: decision.omit_managed_fields,
            rule: decision.rule,
        }
    }
}

/// How many decisions were compared, and how many of them some rule made.
#[derive(Default)]
struct Compared {
    decisions: usize,
    matched: usize,
}

impl Compared {
    /// Compares what both evaluators decide about the requests of `case` with what the API server decided.
    fn add(&mut self, case: &Case, answer: &Case) {
        let Case { policy: text, requests, .. } = case;
        assert_eq!(answer.error, "", "{text}");
        let policy = examine(text, MINOR).policy.unwrap_or_else(|| panic!("refused: {text}"));
        let evaluator = Evaluator::new(&policy);
        assert_eq!(requests.len(), answer.decisions.len());
        for (attributes, expected) in requests.iter().zip(&answer.decisions) {
            let request = attributes.request();
            let decision = decide(&policy, &request);
            assert_eq!(Answer::of(&decision), *expected, "{attributes:?} under\n{text}");
            assert_eq!(
                evaluator.decide(&RequestRef::from(&request)),
                decision,
                "{attributes:?} under\n{text}"
            );
            self.decisions += 1;
            self.matched += usize::from(expected.rule.is_some());
        }
    }

    /// Data without rules that decide would prove nothing.
    fn check(&self, least: usize) {
        let Self { decisions, matched } = self;
        println!("{decisions} decisions are the same, {matched} of them by a rule");
        assert!(*decisions >= least, "{decisions} decisions");
        assert!(matched * 4 > *decisions, "{matched} of {decisions} requests match a rule");
    }
}

#[test]
fn decisions_are_those_of_the_api_server() {
    let answered = fs::read_to_string("tests/policy/go-decisions.jsonl").unwrap();
    let mut compared = Compared::default();
    for line in answered.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        compared.add(&case, &case);
    }
    compared.check(2000);
}

#[test]
fn a_million_new_decisions_are_those_of_the_api_server() {
    const POLICIES: usize = 12_500;
    const REQUESTS: usize = 80;
    /// So many policies are asked about at once, which bounds the memory.
    const AT_ONCE: usize = 1250;
    let Some(program) = oracle::program() else { return };
    let mut random = Random::new(crate::support::seed());
    let mut policies: Vec<_> = preset::all().iter().map(|preset| preset.text.to_owned()).collect();
    policies.resize_with(POLICIES, || random::policy(&mut random));
    let mut compared = Compared::default();
    for policies in policies.chunks(AT_ONCE) {
        let case = |policy: &String| {
            let requests = (0..REQUESTS).map(|_| attributes(&mut random)).collect();
            Case { policy: policy.clone(), requests, ..Case::default() }
        };
        let cases: Vec<Case> = policies.iter().map(case).collect();
        let mut questions = Vec::new();
        for case in &cases {
            serde_json::to_writer(&mut questions, case).unwrap();
            questions.push(b'\n');
        }
        let answered = oracle::ask(&program, questions);
        assert_eq!(answered.lines().count(), cases.len());
        for (case, line) in cases.iter().zip(answered.lines()) {
            compared.add(case, &serde_json::from_str(line).unwrap());
        }
    }
    compared.check(1_000_000);
}

fn attributes(random: &mut Random) -> Attributes {
    let resource_request = random.chance(80);
    let of_resource = |text: &str| if resource_request { text.to_owned() } else { String::new() };
    let (mut api_group, mut resource) = random.resource();
    let mut subresource = random.word(&random::SUBRESOURCES);
    if random.chance(10) {
        [api_group, resource, subresource] = [(); 3].map(|()| random.word(&random::ODD));
    }
    Attributes {
        no_user: random.chance(5),
        user: random.word(&random::USERS).to_owned(),
        groups: random.some(&random::GROUPS, 3),
        verb: random.word(&random::VERBS).to_owned(),
        api_group: of_resource(api_group),
        resource: of_resource(resource),
        subresource: of_resource(subresource),
        namespace: of_resource(random.word(&random::NAMESPACES)),
        name: of_resource(random.word(&random::NAMES)),
        path: if resource_request { String::new() } else { random.word(&random::PATHS).to_owned() },
        resource_request,
    }
}
