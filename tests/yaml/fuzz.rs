//! Randomly damaged texts: reading and editing never panic, and every result is correct.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use kaudit::yaml::{Document, decode};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestCaseError;

use super::choices::seeded_runner;
use super::generate::{self, Choices};
use super::mutate::break_text;
use super::{choose, oracle};

const DEFAULT_CASES: u32 = 10_000;

/// All documents of the table of edits.
fn seeds() -> Vec<String> {
    let table = include_str!("edits.txt").split("=== ").skip(1);
    let documents = table.filter_map(|case| case.split_once('\n')?.1.split("--- ").next());
    documents.map(|text| text.replace('␍', "\r").replace("␄\n", "").replace('␛', "\u{feff}")).collect()
}

#[test]
fn damaged_texts_are_refused_or_edited_correctly() {
    #[expect(clippy::disallowed_methods, reason = "the number of cases is an input of the test")]
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(DEFAULT_CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seeds = seeds();
    let edited = std::cell::Cell::new((0_usize, 0_usize));
    let result = seeded_runner(config).run(&vec(any::<u8>(), 0..200), |bytes| {
        let choices = Choices::new(&bytes);
        let whole = if choices.once_in(2) {
            generate::document(&choices)
        } else {
            seeds[choices.below(seeds.len())].clone()
        };
        let broken = break_text(&whole, &choices);
        let Ok(document) = decode(&broken).and_then(Document::parse) else { return Ok(()) };
        let edits = choose::edits(&document, &choices);
        let (parsed, done) = edited.get();
        let Ok(after) = document.edit(&edits) else {
            edited.set((parsed + 1, done));
            return Ok(());
        };
        edited.set((parsed + 1, done + 1));
        match oracle::fault(&document, &edits, &after) {
            Some(fault) => {
                let text = document.text();
                Err(TestCaseError::fail(format!(
                    "{fault}\n--- before\n{text}\n--- edits\n{edits:?}\n--- after\n{after}"
                )))
            }
            None => Ok(()),
        }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (parsed, done) = edited.get();
    println!("{parsed} could be read, {done} edited");
    assert!(done > 0 && done * 2 > parsed, "{done} of {parsed} edited");
}
