//! Replayed logs compared with logs that the API server's own code wrote for the same requests and that are stored as data.
//!
//! `KAUDIT_BLESS=1 KAUDIT_GO_AUDITLOG=… cargo test --test library replay::` writes the data again.

use super::requests::{Case, ask, program, request};
use super::run::{policy, replay};
use crate::policy::random::{self, Random};
use kaudit::policy::Level;
use kaudit::policy::presets::preset;
use kaudit::replay::Replayed;
use std::{env, fs};

const DATA: &str = "tests/replay/go-logs.jsonl";

/// Everything that an API server can log.
const EVERYTHING: &str =
    r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "RequestResponse"}]}"#;
/// As most logs are.
const METADATA: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata"}]}"#;
/// No stage that tells how many requests there were is there, but of those that end at once.
const BEGINNINGS: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["ResponseComplete", "Panic"], "rules": [{"level": "Request"}]}"#;

fn cases(random: &mut Random, count: usize, requests: usize, policies: usize) -> Vec<Case> {
    let todays = [EVERYTHING, METADATA, EVERYTHING, BEGINNINGS];
    let presets = || preset::all().iter().map(|preset| preset.text.to_owned());
    (0..count)
        .map(|index| Case {
            requests: (0..requests).map(|_| request(random)).collect(),
            today: todays[index % todays.len()].to_owned(),
            policies: presets().chain((0..policies).map(|_| random::policy(random))).collect(),
            ..Case::default()
        })
        .collect()
}

/// What was compared.
#[derive(Debug, Default)]
struct Compared {
    exact: usize,
    estimated: usize,
    bounded: usize,
    changed: usize,
}

/// Replays each case's log and compares what comes out with the sizes of the lines that the API server wrote.
fn compare(answered: &str) -> Compared {
    let mut compared = Compared::default();
    for line in answered.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        assert_eq!(case.policies.len(), case.lines.len());
        for (text, lines) in case.policies.iter().zip(&case.lines) {
            let replayed = replay(&policy(text), &case.log);
            let (events, bytes) = (lines.len() as u64, lines.iter().sum::<u64>());
            let context = || format!("{text}\nof {}\n{:#?}", case.today, replayed.total);
            assert_eq!(replayed.total.requests, case.requests.len() as u64, "{}", context());
            if case.today == EVERYTHING {
                let cost = replayed.total.cost();
                assert_eq!((cost.events, cost.bytes), (events, bytes), "{}", context());
                assert!(is_certain(&replayed), "{}", context());
                compared.exact += 1;
                compared.changed += usize::from(replayed.total.sums.today != cost);
            } else if case.today == METADATA {
                compare_thin(&replayed, events, bytes, &context, &mut compared);
            } else {
                // The ends that are missing are not guessed, and are told.
                let cost = replayed.total.cost();
                let is_whole = replayed.total.without_end == 0;
                assert!(cost.events <= events && (!is_whole || cost.events == events), "{}", context());
            }
        }
    }
    compared
}

fn is_certain(replayed: &Replayed) -> bool {
    let total = &replayed.total;
    total.sums.unknown == 0 && total.estimated.events == 0 && total.without_end == 0
}

/// A log without bodies and without one of the stages.
fn compare_thin(
    replayed: &Replayed,
    events: u64,
    bytes: u64,
    context: &impl Fn() -> String,
    compared: &mut Compared,
) {
    let total = &replayed.total;
    let cost = total.cost();
    assert_eq!(cost.events, events, "{}", context());
    let logs_bodies = |(decision, _): &(kaudit::policy::Decision, _)| decision.level >= Level::Request;
    if total.sums.unknown > 0 {
        assert!(replayed.rules.iter().any(logs_bodies), "{}", context());
        assert!(total.sums.logged.bytes <= bytes, "{}", context());
        compared.bounded += 1;
    } else if total.estimated.events > 0 {
        // What it cannot know: the name that a create's body brought is not in its first event.
        assert!(cost.bytes.abs_diff(bytes) * 50 <= bytes, "{}", context());
        compared.estimated += 1;
    } else {
        assert_eq!(cost.bytes, bytes, "{}", context());
        compared.exact += 1;
    }
}

#[test]
fn what_a_policy_would_have_logged_is_what_the_api_server_logs_under_it() {
    if let (Some(program), true) = (program(), env::var_os("KAUDIT_BLESS").is_some()) {
        fs::write(DATA, ask(&program, &cases(&mut Random::new(7), 6, 30, 25))).unwrap();
    }
    let compared = compare(&fs::read_to_string(DATA).unwrap());
    assert!(compared.exact >= 90 && compared.changed >= 60, "{compared:?}");
    assert!(compared.estimated >= 3 && compared.bounded >= 10, "{compared:?}");
}

#[test]
fn the_api_server_still_logs_what_is_kept_here() {
    let Some(program) = program() else { return };
    let kept = fs::read_to_string(DATA).unwrap();
    let cases: Vec<Case> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(ask(&program, &cases) == kept, "{DATA} is out of date");
}

#[test]
fn and_so_it_is_for_other_requests_and_policies() {
    let Some(program) = program() else { return };
    let compared = compare(&ask(&program, &cases(&mut Random::new(crate::support::seed()), 40, 40, 40)));
    assert!(compared.exact >= 800 && compared.changed >= 500, "{compared:?}");
    assert!(compared.estimated >= 20 && compared.bounded >= 100, "{compared:?}");
}

#[test]
fn a_log_replayed_through_the_policy_that_made_it_stays_as_it_is() {
    let mut logs = 0;
    for line in fs::read_to_string(DATA).unwrap().lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let replayed = replay(&policy(&case.today), &case.log);
        assert_eq!(replayed.total.cost(), replayed.total.sums.today);
        assert_eq!(replayed.total.sums.today.bytes, case.log.len() as u64);
        assert!(is_certain(&replayed), "{:?}", replayed.total);
        logs += 1;
    }
    assert!(logs >= 6);
}
