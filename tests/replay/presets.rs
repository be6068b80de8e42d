//! The log volume of the presets, measured on the public logs of the shared corpus, if available beside the project.
//!
//! `cargo xtask golden --bless` writes the figures.

use super::run::{How, policy, read};
use kaudit::policy::Preset;
use kaudit::policy::presets::preset;
use kaudit::replay::Replayed;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const FIGURES: &str = "src/policy/presets/measured.txt";

#[test]
fn the_measured_figures_are_those_of_the_public_logs() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/events");
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let logs: Vec<Vec<u8>> = paths.into_iter().map(|path| fs::read(path).unwrap()).collect();
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let kept = fs::read_to_string(FIGURES).unwrap();
    let mut figures: String = kept.split_inclusive('\n').filter(|line| line.starts_with('#')).collect();
    for preset in preset::all() {
        writeln!(figures, "{}", measure(preset, &logs)).unwrap();
    }
    if env::var_os("KAUDIT_BLESS").is_some() {
        fs::write(FIGURES, &figures).unwrap();
    }
    assert_eq!(fs::read_to_string(FIGURES).unwrap(), figures, "KAUDIT_BLESS=1 writes the new figures");
}

fn measure(preset: &Preset, logs: &[&[u8]]) -> String {
    let policy = policy(preset.text);
    let tally = read(std::slice::from_ref(&policy), logs, How::default());
    let total = Replayed::new(&policy, &tally.policies[0]).total;
    let cost = total.cost();
    let kind = if total.sums.unknown > 0 { "least" } else { "all" };
    format!("{:<12} {} {} {} {kind}", preset.name, total.requests, cost.events, cost.bytes)
}

#[test]
fn every_preset_has_figures() {
    for preset in preset::all() {
        let measured = preset.measured().unwrap();
        assert!(measured.requests > 1000 && measured.events > 100 && measured.bytes > 10_000, "{measured:?}");
    }
    let events = |name: &str| preset::find(name).unwrap().measured().unwrap().events;
    assert!(events("default") < events("metadata") && events("metadata") < events("stig"));
}
