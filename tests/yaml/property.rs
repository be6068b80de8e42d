//! Random edits of random documents: correct or refused, and rarely refused.

use kaudit::yaml::{Document, Edit};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};

use super::choices::seeded_runner;
use super::generate::{self, Choices};
use super::{choose, oracle};

const DEFAULT_CASES: u32 = 1_500;

/// Runs `property` on random strings of choices, `KAUDIT_PROPTEST_CASES` times.
fn run(property: impl Fn(&[u8]) -> Result<(), String>) {
    #[expect(clippy::disallowed_methods, reason = "the number of cases is an input of the test")]
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(DEFAULT_CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let result = seeded_runner(config).run(&vec(any::<u8>(), 0..400), |bytes| {
        property(&bytes).map_err(proptest::test_runner::TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn edits_are_correct_or_refused_and_rarely_refused() {
    let counts = std::cell::RefCell::new((0_usize, std::collections::BTreeMap::<String, usize>::new()));
    run(|bytes| {
        let choices = Choices::new(bytes);
        let text = generate::document(&choices);
        let document = Document::parse(&text).map_err(|refusal| format!("{refusal:?}\n{text}"))?;
        let edits = choose::edits(&document, &choices);
        counts.borrow_mut().0 += edits.len();
        match document.edit(&edits) {
            Ok(after) => match oracle::fault(&document, &edits, &after) {
                Some(fault) => {
                    Err(format!("{fault}\n--- before\n{text}\n--- edits\n{edits:#?}\n--- after\n{after}"))
                }
                None => Ok(()),
            },
            Err(refusal) => {
                let reason = refusal.message.rsplit('(').next().unwrap_or_default().to_owned();
                *counts.borrow_mut().1.entry(reason).or_default() += 1;
                Ok(())
            }
        }
    });
    let (edits, refusals) = counts.into_inner();
    let refused: usize = refusals.values().sum();
    println!("{edits} edits, {refused} refused: {refusals:#?}");
    assert!(refused * 20 < edits, "{refused} of {edits} refused: {refusals:#?}");
}

#[test]
fn removing_an_inserted_item_restores_the_text() {
    run(|bytes| {
        let choices = Choices::new(bytes);
        let text = generate::document(&choices);
        let document = Document::parse(&text).map_err(|refusal| format!("{refusal:?}\n{text}"))?;
        for edit in choose::edits(&document, &choices) {
            let (Edit::Insert { path, index, .. }, [_, ..]) = (&edit, document_items(&document, &edit))
            else {
                continue;
            };
            let Ok(after) = document.edit(std::slice::from_ref(&edit)) else { continue };
            let again = Document::parse(&after).map_err(|refusal| format!("{refusal:?}\n{after}"))?;
            let back = again.edit(&[Edit::Remove { path: path.clone().index(*index) }]);
            if back.as_deref() != Ok(text.as_str()) {
                return Err(format!("{edit:?}\n--- before\n{text}\n--- after\n{after}\n--- back\n{back:?}"));
            }
        }
        Ok(())
    });
}

/// The items of the sequence that `edit` inserts into.
fn document_items<'d>(document: &'d Document, edit: &Edit) -> &'d [kaudit::yaml::Item] {
    match edit {
        Edit::Insert { path, .. } => document.node(path).and_then(|node| node.items()).unwrap_or_default(),
        _ => &[],
    }
}
