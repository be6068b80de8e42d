//! Damaged logs: nothing panics, and what is taken for an event is what `serde_json`'s own reader says it is.
//! `KAUDIT_FUZZ_SECONDS` says how long; without it a fixed number is tried.

use super::properties::{check_total, log};
use super::run::{How, policy, read};
use crate::policy::random::{self, Random};
use kaudit::event::{Event, Line, parse_line};
use kaudit::replay::Replayed;
use serde_json::Value;
use std::time::{Duration, Instant};

const LINES: usize = 20_000;

/// What makes a difference in JSON and in an event.
const PIECES: [&str; 36] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-1e999",
    "0",
    " ",
    "\t",
    "\r",
    "\n",
    "\u{0}",
    "é",
    "😀",
    "{}",
    "[]",
    "\"\"",
    "None",
    "Metadata",
    "RequestReceived",
    "\"level\":\"Request\",",
    "\"managedFields\":[],",
    "\"requestObject\":null,",
    "\"items\":[",
    "EventList",
    "audit.k8s.io/v1alpha1",
    "\"objectRef\":{},",
    "%2F",
];

fn damage(line: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(16)).min(bytes.len());
        match random.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 if random.chance(20) => bytes.truncate(at),
            2 => drop(bytes.splice(at..end, [u8::try_from(random.below(256)).unwrap()])),
            3 => bytes.extend_from_within(at..end),
            _ => drop(bytes.splice(at..at, random.word(&PIECES).bytes())),
        }
    }
    bytes
}

/// The event must have the values that `serde_json` itself reads from the line.
fn check(line: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(line).ok();
    let Ok(Line::Event(event)) = parse_line(line) else { return false };
    // `serde_json` rejects a number that is out of range. kaudit does not read numbers in a body that it skips.
    let Some(value) = value else {
        assert!(
            String::from_utf8_lossy(line).contains(['e', 'E', '\\']),
            "{}",
            String::from_utf8_lossy(line)
        );
        return true;
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&value["level"]), event.level.name());
    assert_eq!(text(&value["stage"]), event.stage.name());
    assert_eq!(text(&value["verb"]), *event.verb);
    assert_eq!(text(&value["requestURI"]), *event.request_uri);
    assert_eq!(text(&value["user"]["username"]), *event.user.username);
    let groups: Vec<String> = value["user"]["groups"].as_array().into_iter().flatten().map(text).collect();
    assert!(event.user.groups.iter().map(ToString::to_string).eq(groups));
    check_bodies(&event, &value);
    true
}

fn check_bodies(event: &Event<'_>, value: &Value) {
    for (body, key) in [
        (event.request_object, "requestObject"),
        (event.response_object, "responseObject"),
        (event.annotations, "annotations"),
        (event.response_status, "responseStatus"),
    ] {
        let body = body.map_or(Value::Null, |body| serde_json::from_str(body.get()).unwrap());
        assert_eq!(body, value[key], "{key}");
    }
}

#[test]
fn a_damaged_line_is_an_event_or_is_not() {
    let seconds = std::env::var("KAUDIT_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random::new(5 + crate::support::seed());
    let (mut tried, mut events) = (0, 0);
    while deadline.map_or(tried < LINES, |deadline| Instant::now() < deadline) {
        let log = log(&mut random);
        let policy = policy(&random::policy(&mut random));
        let mut damaged = Vec::new();
        for line in log.lines().filter(|line| !line.is_empty()) {
            let line = damage(line, &mut random);
            events += usize::from(!line.contains(&b'\n') && check(&line));
            damaged.extend(line);
            damaged.push(b'\n');
            tried += 1;
        }
        let how = How { chunk: 1 + random.below(9000), line_limit: 900 + random.below(2000), threads: 1 };
        let tally = read(std::slice::from_ref(&policy), &[&damaged], how);
        check_total(&tally.log, &Replayed::new(&policy, &tally.policies[0]).total);
        assert_eq!(tally.log.lines, damaged.split(|byte| *byte == b'\n').count() as u64 - 1);
    }
    assert!(events * 10 > tried && events * 10 < tried * 9, "{events} events of {tried} lines");
}
