//! Randomly damaged manifests, real and handwritten: the checks, the editor, `enable` and `disable` never panic, and every
//! edit is correct. `KAUDIT_FUZZ_SECONDS` sets the duration; without it a fixed number of inputs is tested.

use kaudit::generation::History;
use kaudit::manifest::DIGEST_ANNOTATION;
use kaudit::manifest::Manifest;
use kaudit::plan::{PolicyWanted, Wanted, audit_flags_there};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::strategy::{Strategy as _, ValueTree as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::memory::{self, manifest_after, observe, plan_enable, plan_off, record};
use crate::yaml::choices::{Choices, seeded_runner};
use crate::yaml::mutate::break_text;

const DEFAULT_INPUTS: usize = 1_500;

#[test]
fn broken_manifests_are_refused_or_edited_right() {
    let seconds = std::env::var("KAUDIT_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let seeds = seeds();
    assert!(seeds.len() >= 100, "only {} manifests to break", seeds.len());
    let mut runner = seeded_runner(ProptestConfig::default());
    let (mut tried, mut edited) = (0, 0);
    while deadline.map_or(tried < DEFAULT_INPUTS, |deadline| Instant::now() < deadline) {
        let bytes = vec(any::<u8>(), 40).new_tree(&mut runner).unwrap().current();
        let choices = Choices::new(&bytes);
        let seed = &seeds[(choices.below(256) * 256 + choices.below(256)) % seeds.len()];
        let broken = break_text(seed, &choices);
        match check(&broken) {
            Ok(was_edited) => edited += usize::from(was_edited),
            Err(fault) => panic!("{fault}\n--- manifest\n{}", String::from_utf8_lossy(&broken)),
        }
        tried += 1;
    }
    eprintln!("{tried} broken manifests, {edited} of them edited");
    assert!(edited * 20 > tried, "hardly anything is edited: {edited} of {tried}");
}

/// Whether it was edited; a refusal is right as well.
fn check(bytes: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return if Manifest::read(bytes).is_err() {
            Ok(false)
        } else {
            Err("is not UTF-8, and was read".to_owned())
        };
    };
    let wanted = Wanted { policy: Some(PolicyWanted::Preset("metadata")), ..Wanted::default() };
    let before = memory::state(text);
    let Ok(first) = plan_enable(&observe(&before, History::default(), &BTreeMap::new()), &wanted) else {
        return Ok(false);
    };
    let enabled = manifest_after(&first);
    let files = first.files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
    let history = History::of(vec![record(&first)]);
    let again = plan_enable(&observe(&enabled, history.clone(), &files), &wanted)?;
    if again.changed_files().next().is_some() {
        return Err("a second enable changes something".to_owned());
    }
    let audits = |bytes: &[u8]| {
        Manifest::read(bytes).map(|manifest| !audit_flags_there(manifest.api_server()).is_empty())
    };
    // Of a manifest with kaudit's mark and no record, what was before kaudit is not known.
    let audited = audits(bytes).map_err(|refusal| refusal.message)? || text.contains(DIGEST_ANNOTATION);
    let off = match plan_off(&observe(&enabled, history, &files)) {
        Ok(plan) => manifest_after(&plan).bytes,
        // A flag that stood there before may be an alias, which is not removed.
        Err(_) if audited => return Ok(true),
        Err(reason) => return Err(reason),
    };
    if !audited && off != bytes {
        return Err(format!("disable is not what was before\n--- after\n{}", String::from_utf8_lossy(&off)));
    }
    if audits(&off).map_err(|refusal| refusal.message)? {
        return Err("disable leaves audit flags".to_owned());
    }
    Ok(true)
}

fn seeds() -> Vec<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<PathBuf> = ["manifests", "kubeadm/v1.36", "kubeadm/v1.20", "kubeadm/reconstructed"]
        .iter()
        .flat_map(|directory| fs::read_dir(tests.join(directory)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .filter(|text| text.contains("kube-apiserver"))
        .collect()
}
