//! What must hold for every policy and every log.

use super::requests::Case;
use super::run::{How, outcome, policy, read, replay};
use crate::policy::random::{self, Random};
use kaudit::policy::Policy;
use kaudit::replay::{Outcome, Replayed};
use std::fs;

/// Logs that the API server wrote, one event per line, with malformed lines among them.
pub(crate) fn log(random: &mut Random) -> String {
    let data = fs::read_to_string("tests/replay/go-logs.jsonl").unwrap();
    let cases = data.lines().map(|line| serde_json::from_str::<Case>(line).unwrap());
    let lines: Vec<String> =
        cases.flat_map(|case| case.log.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut log = String::new();
    for _ in 0..400 {
        let line = &lines[random.below(lines.len())];
        let day = 20 + random.below(5);
        log += &line.replace("2026-11-21T", &format!("2026-11-{day}T"));
        log.push('\n');
        if random.chance(3) {
            log += random.word(&["\n", "{}\n", "not JSON\n", " \n"]);
        }
    }
    log
}

fn policies(random: &mut Random) -> Vec<Policy> {
    (0..=random.below(2)).map(|_| policy(&random::policy(random))).collect()
}

#[test]
fn the_outcome_does_not_depend_on_how_a_log_is_read() {
    let mut random = Random::new(3);
    for _ in 0..12 {
        let log = log(&mut random);
        let policies = policies(&mut random);
        let whole = read(&policies, &[log.as_bytes()], How::default());
        assert!(whole.log.events.events >= 400 && whole.log.malformed > 0);
        let expected = outcome(&policies, &whole);
        for _ in 0..4 {
            let how =
                How { chunk: 1 + random.below(5000), line_limit: 1 << 20, threads: 1 + random.below(4) };
            // At the end of any line the log may go on in another file.
            let ends: Vec<usize> = log.match_indices('\n').map(|(at, _)| at + 1).collect();
            let (first, rest) = log.split_at(ends[random.below(ends.len())]);
            let tally = read(&policies, &[first.as_bytes(), rest.as_bytes()], how);
            assert_eq!(outcome(&policies, &tally), expected, "{how:?}");
        }
    }
}

#[test]
fn sums_by_rule_and_by_day_are_the_total() {
    let mut random = Random::new(4);
    for _ in 0..30 {
        let log = log(&mut random);
        let policy = policy(&random::policy(&mut random));
        let tally = read(std::slice::from_ref(&policy), &[log.as_bytes()], How::default());
        let replayed = Replayed::new(&policy, &tally.policies[0]);
        let sum = |outcomes: &mut dyn Iterator<Item = &Outcome>| {
            let mut sum = Outcome::default();
            outcomes.for_each(|outcome| sum += *outcome);
            sum
        };
        let unmatched = std::iter::once(&replayed.unmatched);
        let by_rule = sum(&mut replayed.rules.iter().map(|(_, outcome)| outcome).chain(unmatched));
        assert_eq!(by_rule, replayed.total);
        assert_eq!(sum(&mut replayed.days.values()), replayed.total);
        assert_eq!(replayed.days.len(), 5);
        check_total(&tally.log, &replayed.total);
        let by_talker = tally.talkers.top(usize::MAX, |share| share.today.bytes);
        assert_eq!(by_talker.iter().map(|it| it.share.today.bytes).sum::<u64>(), tally.log.events.bytes);
        assert_eq!(
            by_talker.iter().map(|it| it.share.logged_by(0).amount.bytes).sum::<u64>(),
            replayed.total.sums.logged.bytes
        );
    }
}

/// Every event is in one of three places.
pub(crate) fn check_total(log: &kaudit::replay::LogSums, total: &Outcome) {
    let sums = &total.sums;
    assert_eq!(sums.today, log.events);
    let events = sums.logged.events + sums.omitted_by_level.events + sums.omitted_by_stage.events;
    assert_eq!(events, sums.today.events);
    let of = |amounts: &[kaudit::event::Amount]| amounts.iter().map(|amount| amount.events).sum::<u64>();
    assert_eq!((of(&log.levels), of(&log.stages)), (log.events.events, log.events.events));
    // The name of the highest level is the longest, by so much.
    let longer = ("RequestResponse".len() - "Request".len()) as u64;
    assert!(sums.logged.bytes <= sums.today.bytes + longer * sums.logged.events);
}

#[test]
fn a_policy_that_leaves_out_more_costs_less() {
    let mut random = Random::new(5);
    for _ in 0..20 {
        let log: String =
            log(&mut random).split_inclusive('\n').filter(|line| line.starts_with("{\"")).collect();
        let text = random::policy(&mut random);
        let thinner = text.replace("RequestResponse", "Request");
        let none = text.replace("\"RequestResponse\"", "\"None\"").replace("\"Request\"", "\"None\"");
        let costs = [text, thinner, none].map(|text| replay(&policy(&text), &log).total.cost());
        assert!(costs[0].bytes >= costs[1].bytes && costs[1].bytes >= costs[2].bytes, "{costs:?}");
        assert_eq!(costs[0].events, costs[1].events);
    }
}
