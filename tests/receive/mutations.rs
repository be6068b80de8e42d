//! Randomly damaged bodies are rejected or written, without a crash, and each event is one line.

use super::client::Client;
use super::events::{event, list, numbered};
use super::server::{Server, directory};
use kaudit::receive::{Form, read, write};
use serde_json::json;
use serde_json::value::RawValue;
use std::time::{Duration, Instant};

/// The significant parts of an `EventList`.
const MORSELS: [&str; 20] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "0",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\n",
    "\r\n",
    "\u{0}",
    "\u{2028}",
    "\"kind\":\"Event\",",
    "\"items\":[",
    "{}",
    "\"user\":null,",
];

/// Random numbers that are the same in every run (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << by } else { self.0 >> by };
        }
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

const SEED: u64 = 0x2026_1121_0314_1592;

fn seeds() -> Vec<Vec<u8>> {
    let mut nasty = event(1);
    nasty["user"]["username"] = json!("a\nb\u{202e}\u{1b}");
    let pretty = serde_json::to_vec_pretty(&json!({
        "kind": "EventList", "apiVersion": "audit.k8s.io/v1beta1", "items": [event(1), nasty],
    }));
    vec![numbered(0..3), list(&[nasty]), pretty.unwrap(), list(&[])]
}

fn break_body(body: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => bytes.extend_from_within(at..end),
            3 => drop(bytes.splice(at..end, [u8::try_from(random.below(256)).unwrap()])),
            _ => drop(bytes.splice(at..at, MORSELS[random.below(MORSELS.len())].bytes())),
        }
    }
    bytes
}

#[test]
fn a_broken_body_is_refused_or_written_line_by_line() {
    let seconds = std::env::var("KAUDIT_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let (seeds, mut random) = (seeds(), Random(SEED));
    let (mut tried, mut taken) = (0, 0);
    while Instant::now() < end || tried < 1000 {
        tried += 1;
        let body = break_body(&seeds[random.below(seeds.len())], &mut random);
        let Ok(batch) = read(&body) else { continue };
        let items = batch.items().count();
        if batch.items().any(|item| item.is_err()) {
            write(&batch, &Form::Json, &mut Vec::new()).unwrap_err();
            continue;
        }
        taken += 1;
        for form in [Form::Line, Form::Json, Form::Csv(Form::CSV.to_vec())] {
            let mut text = Vec::new();
            assert_eq!(write(&batch, &form, &mut text).unwrap().events, items);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.matches('\n').count(), items, "{form:?}: {text:?}");
            assert!(text.is_empty() || text.ends_with('\n'));
            if form == Form::Json {
                for line in text.lines() {
                    // JSON allows an escaped half of a surrogate pair.
                    let event: &RawValue = serde_json::from_str(line).unwrap();
                    assert!(event.get().starts_with('{'));
                }
            } else {
                assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{form:?}: {text:?}");
            }
        }
    }
    assert!(taken > tried / 100, "{taken} of {tried} taken");
}

#[test]
fn a_receiver_outlives_broken_bodies() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format line --output-file events.log");
    let (seeds, mut random) = (seeds(), Random(SEED));
    for _ in 0..300 {
        let body = break_body(&seeds[random.below(seeds.len())], &mut random);
        let status = Client::plain(server.address).post("", &body).status;
        assert!([200, 400, 422].contains(&status), "{status}");
    }
    assert_eq!(Client::plain(server.address).get("/healthz").status, 200);
    assert_eq!(server.stop().code, Some(0));
}
