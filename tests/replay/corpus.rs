//! The events that lie beside the project where it is developed: all of them are read, and nothing is lost.

use super::properties::check_total;
use super::run::{How, policy, read};
use kaudit::policy::presets::preset;
use kaudit::replay::Replayed;
use std::fs;
use std::path::Path;

#[test]
fn every_event_of_the_shared_corpus_is_read() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/events");
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut events = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let log = fs::read(&path).unwrap();
        for preset in preset::all() {
            let policy = policy(preset.text);
            let tally = read(std::slice::from_ref(&policy), &[&log], How::default());
            // One file has one malformed line, for a test of another program.
            assert!(tally.log.malformed <= 1, "{}: {:?}", path.display(), tally.log.malformed_at);
            assert_eq!(tally.log.undated, 0, "{}", path.display());
            let replayed = Replayed::new(&policy, &tally.policies[0]);
            check_total(&tally.log, &replayed.total);
            events += tally.log.events.events;
        }
    }
    assert!(events >= 5 * 1400, "{events}");
}
