//! A search has the same results as a simple check of each event, for every notation of the JSON and every split of the log.

use super::oracle::fits;
use super::random::{Question, event, question, write};
use crate::yaml::choices::{Choices, seeded_runner};
use kaudit::event::Amount;
use kaudit::lines::{Chunk, Chunks};
use kaudit::logs::{
    Choice, Codes, Faults, Field, Filter, Form, Network, Pattern, ResourcePattern, Search, Term, Top,
};
use kaudit::policy::{Level, Stage};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

fn terms<T>(words: &[String], read: impl Fn(&str) -> Result<T, String>) -> Choice<T> {
    words.iter().map(|word| Term::read(word, &read).unwrap()).collect()
}

fn filter(question: &Question) -> Filter {
    let patterns = |words: &[String]| terms(words, |word| Ok(Pattern::new(word)));
    Filter {
        users: patterns(&question.users),
        groups: patterns(&question.groups),
        verbs: patterns(&question.verbs),
        namespaces: patterns(&question.namespaces),
        names: patterns(&question.names),
        audit_ids: patterns(&question.ids),
        resources: terms(&question.resources, |word| Ok(ResourcePattern::new(word))),
        levels: terms(&question.levels, |word| Level::find(word).ok_or_else(String::new)),
        stages: terms(&question.stages, |word| Stage::find(word).ok_or_else(String::new)),
        codes: terms(&question.codes, Codes::read),
        source_ips: terms(&question.addresses, Network::read),
        since: question.since.map(|text| text.parse().unwrap()),
        until: question.until.map(|text| text.parse().unwrap()),
        is_denied: question.denied,
    }
}

fn chunks(log: &str, size: usize) -> Vec<Chunk> {
    let mut cut = Chunks::with_sizes(log.as_bytes(), size, 1 << 20);
    let mut chunks = Vec::new();
    while let Some(chunk) = cut.next(Vec::new()).unwrap() {
        chunks.push(chunk);
    }
    chunks
}

#[test]
fn a_search_finds_what_a_plain_look_finds() {
    let config = ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() };
    let (found_some, found_none) = (Cell::new(0), Cell::new(0));
    let outcome = seeded_runner(config).run(&vec(any::<u8>(), 0..600), |bytes| {
        let choices = Choices::new(&bytes);
        let question = question(&choices);
        let (mut log, mut expected) = (String::new(), String::new());
        let mut faults = 0;
        for _ in 0..12 {
            match choices.below(12) {
                0 => {
                    log.push_str(choices.pick(&[
                        "{\"kind\":\"Event\",\"lev\n",
                        "garbage\n",
                        "{}\n",
                        "{\"alice\"}\n",
                    ]));
                    faults += 1;
                }
                1 => log.push('\n'),
                _ => {
                    let event = event(&choices);
                    let mut line = String::new();
                    write(&event, &choices, &mut line);
                    line.push('\n');
                    if fits(&question, &event) {
                        expected.push_str(&line);
                    }
                    log.push_str(&line);
                }
            }
        }
        let search = Search::new(filter(&question));
        let (mut found, mut seen) = (String::new(), Faults::default());
        for chunk in chunks(&log, 1 + choices.below(2000)) {
            let part = search.read(&chunk, &Form::Json, None);
            found.push_str(std::str::from_utf8(&part.lines).unwrap());
            seen.absorb(&part.faults);
        }
        assert_eq!(found, expected, "{question:?}\n{log}");
        assert_eq!(seen.lines, log.lines().count() as u64);
        // Of lines that cannot fit only the ends are looked at.
        assert!(seen.count <= faults, "{seen:?}");
        let count = if found.is_empty() { &found_none } else { &found_some };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(found_some.get() > 500 && found_none.get() > 500, "{found_some:?} {found_none:?}");
}

#[test]
fn without_a_question_every_line_counts() {
    let log = "\n{\"kind\":\"Ev\nno json\n{}\n{\"level\":\"Metadata\",\"stage\":\"Panic\"}\n\u{1}\n";
    let search = Search::new(Filter::default());
    for size in [1, 5, 1000] {
        let (mut faults, mut events) = (Faults::default(), 0);
        for chunk in chunks(log, size) {
            faults.absorb(&search.each(&chunk, |_| events += 1));
        }
        let places: Vec<(u64, String)> =
            faults.places.iter().map(|(line, why)| (*line, why.to_string())).collect();
        assert_eq!((faults.lines, faults.count, events), (6, 4, 1));
        let texts = [
            "cut off",
            "not JSON from byte 2 on",
            "JSON, but no audit event: see byte 2",
            "not JSON from byte 1 on",
        ];
        let expected: Vec<(u64, String)> = [1, 2, 3, 5].into_iter().zip(texts.map(str::to_owned)).collect();
        assert_eq!(places, expected);
    }
}

#[test]
fn a_list_of_events_is_events() {
    let log = r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"level":"Metadata","stage":"Panic","verb":"get"},{},{"level":"Metadata","stage":"Panic","verb":"list"}]}"#;
    let search = Search::new(Filter {
        verbs: terms(&["!list".to_owned()], |word| Ok(Pattern::new(word))),
        ..Filter::default()
    });
    let found = search.read(&chunks(log, 1000)[0], &Form::Json, None);
    assert_eq!(
        String::from_utf8(found.lines).unwrap(),
        "{\"level\":\"Metadata\",\"stage\":\"Panic\",\"verb\":\"get\"}\n"
    );
    assert_eq!((found.events, found.faults.count), (1, 1));
}

#[test]
fn a_count_is_the_number_of_events() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = seeded_runner(config).run(&vec(any::<u8>(), 0..900), |bytes| {
        let choices = Choices::new(&bytes);
        let mut log = String::new();
        let mut expected: BTreeMap<Vec<String>, Amount> = BTreeMap::new();
        for _ in 0..30 {
            let event = event(&choices);
            let text =
                |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
            let user = text("/user/username").replace('\u{1b}', "\\u001b");
            let begin = log.len();
            write(&event, &choices, &mut log);
            log.push('\n');
            *expected.entry(vec![user, text("/verb")]).or_default() +=
                Amount::one((log.len() - begin) as u64);
        }
        let fields = [Field::User, Field::Verb];
        let mut top = Top::new(fields.to_vec());
        let search = Search::new(Filter::default());
        for chunk in chunks(&log, 1 + choices.below(3000)) {
            top.absorb(Top::of(&fields, &search, &chunk));
        }
        let rows = top.rows(100);
        assert!(rows.windows(2).all(|pair| pair[0].amount.events >= pair[1].amount.events));
        let counted: BTreeMap<Vec<String>, Amount> =
            rows.into_iter().map(|row| (row.texts, row.amount)).collect();
        assert_eq!(counted, expected);
        assert_eq!((top.total.events, top.total.bytes, top.lacking()), (30, log.len() as u64, 0));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
