//! Measures decisions: `decisions MILLISECONDS` reads a policy with requests per line, decides about the requests for this
//! time with each policy and each evaluator, and prints the time of one decision. `cargo xtask bench` runs it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool of the developer's: it measures time, prints, and stops at the first surprise"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::io::{read_to_string, stdin};
use std::time::{Duration, Instant};

use kaudit::policy::{
    Decision, Evaluator, Policy, Request, RequestLine, RequestRef, Resource, Target, TargetRef, User, decide,
    examine,
};
use serde::Deserialize;
use serde_json::json;

const MINOR: u32 = 36;

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    policy: Cow<'a, str>,
    #[serde(borrow)]
    requests: Vec<RequestLine<'a>>,
}

fn main() {
    // Cargo adds an option of its own.
    let Some(milliseconds) = env::args().find_map(|argument| argument.parse().ok()) else { return };
    let each = Duration::from_millis(milliseconds);
    for line in read_to_string(stdin()).unwrap().lines() {
        let case: Case<'_> = serde_json::from_str(line).unwrap();
        let policy = examine(&case.policy, MINOR).policy.unwrap();
        println!("{}", measure(&case, &policy, each));
    }
}

fn measure(case: &Case<'_>, policy: &Policy, each: Duration) -> serde_json::Value {
    let evaluator = Evaluator::new(policy);
    let borrowed: Vec<RequestRef<'_, _>> = case.requests.iter().map(RequestLine::request).collect();
    let owned: Vec<Request> = borrowed.iter().map(owned).collect();
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for (request, same) in borrowed.iter().zip(&owned) {
        let decision = evaluator.decide(request);
        assert_eq!(decision, decide(policy, same), "{same:?}");
        *levels.entry(decision.level.name()).or_default() += 1;
    }
    json!({
        "name": case.name,
        "levels": levels,
        "nanoseconds": time(&borrowed, each, |request| evaluator.decide(request)),
        "naive": time(&owned, each, |request| decide(policy, request)),
    })
}

/// The mean time of one decision in nanoseconds, over passes through all requests.
fn time<R>(requests: &[R], each: Duration, decide: impl Fn(&R) -> Decision) -> f64 {
    let mut passes = 0;
    let begin = Instant::now();
    while begin.elapsed() < each {
        for request in requests {
            black_box(decide(black_box(request)));
        }
        passes += 1;
    }
    let decisions = f64::from(passes) * f64::from(u32::try_from(requests.len()).unwrap());
    begin.elapsed().as_secs_f64() * 1e9 / decisions
}

fn owned(request: &RequestRef<'_, Cow<'_, str>>) -> Request {
    let user = request.user.as_ref().map(|user| User {
        name: user.name.to_owned(),
        groups: user.groups.iter().map(ToString::to_string).collect(),
    });
    let target = match request.target {
        TargetRef::Path(path) => Target::Path(path.to_owned()),
        TargetRef::Resource(it) => Target::Resource(Resource {
            group: it.group.to_owned(),
            resource: it.resource.to_owned(),
            subresource: it.subresource.to_owned(),
            namespace: it.namespace.to_owned(),
            name: it.name.to_owned(),
        }),
    };
    Request { user, verb: request.verb.to_owned(), target }
}
