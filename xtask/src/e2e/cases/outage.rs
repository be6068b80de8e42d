//! How long the API server is away: an edit in place against a move, against a move with a short drain. Measured by a
//! witness that shares nothing with kaudit, which also measures what kaudit says of itself.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::e2e::api_server::ApiServer;
use crate::e2e::files::{MANIFEST, MANIFESTS, manifest};
use crate::e2e::kaudit::{DRAIN, LOG, kaudit_json};
use crate::e2e::prober::Prober;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::e2e::watches::Watches;

/// The goals: a move's outage in percent of an edit's in place, and the same with a drain of two seconds.
const MOVE_PERCENT: u128 = 85;
const DRAIN_PERCENT: u128 = 20;
/// How far kaudit's figure may be from the witness's.
const ERROR_PERCENT: u128 = 10;

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let watches = Watches::open(api_server)?;

    let in_place = edit_in_place(trial)?;
    watches.wait_until_open()?;
    let moved =
        measure(trial, &["enable", "--yes", "--restart", "move", "--policy", "default", "--log-path", LOG])?;
    watches.wait_until_open()?;
    let drained = measure(trial, &[&["disable"], &DRAIN[..]].concat())?;

    for (what, outage) in
        [("edit in place", in_place), ("move", moved), ("move with a drain of 2 s", drained)]
    {
        let part = percent(outage, in_place);
        trial.say(&format!("API unavailable: {:>6} ms, {part:>3} %: {what}", outage.as_millis()));
    }
    ensure!(percent(moved, in_place) <= MOVE_PERCENT, "a move takes more than {MOVE_PERCENT} %");
    ensure!(percent(drained, in_place) <= DRAIN_PERCENT, "with a drain it takes more than {DRAIN_PERCENT} %");
    Ok(())
}

/// What everybody did before there was kaudit, at its best: one atomic rename over the manifest.
fn edit_in_place(trial: &Trial<'_>) -> Result<Duration> {
    let prober = Prober::start(&trial.api_server)?;
    edit(&trial.api_server)?;
    Ok(prober.finish()?.unavailable())
}

/// Edits the manifest of an API server that does not audit, by one atomic rename, and waits for the new one.
///
/// # Errors
///
/// When the manifest is not kubeadm's, or the API server does not come.
pub(super) fn edit(api_server: &ApiServer<'_>) -> Result<()> {
    let old = api_server.process()?;
    let text = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let edited = text.replacen("  annotations:\n", "  annotations:\n    example.com/edited: by-hand\n", 1);
    ensure!(edited != text, "kubeadm's manifest has no annotations");
    let new = api_server.path(MANIFESTS).join(".edited");
    fs::write(&new, edited).context("writing the edited manifest")?;
    fs::rename(new, api_server.path(MANIFEST)).context("replacing the manifest")?;
    api_server.wait_for_successor(&old, false).map(drop)
}

/// The outage of one run of kaudit.
fn measure(trial: &Trial<'_>, arguments: &[&str]) -> Result<Duration> {
    let prober = Prober::start(&trial.api_server)?;
    let report = kaudit_json(&trial.api_server, 0, arguments)?;
    let outage = prober.finish()?.unavailable();
    Snapshot::take(&trial.api_server)?;
    let said =
        report.pointer("/restart/unavailableMs").and_then(Value::as_u64).context("no `unavailableMs`")?;
    let difference = outage.as_millis().abs_diff(u128::from(said));
    trial.say(&format!("kaudit says {said} ms, the witness {} ms", outage.as_millis()));
    ensure!(difference * 100 <= outage.as_millis() * ERROR_PERCENT, "more than {ERROR_PERCENT} % apart");
    Ok(outage)
}

fn percent(part: Duration, whole: Duration) -> u128 {
    part.as_millis() * 100 / whole.as_millis().max(1)
}
