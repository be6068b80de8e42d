//! What can happen during a run: signals, broken pipes, a second run, a concurrent edit of the manifest.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use crate::e2e::files::{MANIFEST, MANIFESTS, manifest};
use crate::e2e::kaudit::{DRAIN, LOG, Run, kaudit, kaudit_json};
use crate::e2e::processes::only_process;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;

const ENABLE: [&str; 5] = ["enable", "--policy", "default", "--log-path", LOG];
const PHASES: [&str; 4] = ["staging", "out", "in", "proven"];
const ENDING: [(Signal, i32); 2] = [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)];
const DONE: i32 = 0;
const MANUAL_INTERVENTION: i32 = 5;
const BUSY: i32 = 6;

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    for (signal, code) in ENDING {
        for phase in PHASES {
            end(trial, phase, signal, code).with_context(|| format!("{signal} in the phase `{phase}`"))?;
        }
    }
    hang_up(trial)?;
    second_run(trial)?;
    foreign_edit(trial)
}

/// A signal that ends kaudit: the node has the old settings, or the new ones where kaudit had verified them already.
fn end(trial: &Trial<'_>, phase: &str, signal: Signal, code: i32) -> Result<()> {
    let api_server = &trial.api_server;
    let before = Snapshot::take(api_server)?;
    let mut run = Run::start(api_server, &[&ENABLE, &DRAIN[..]].concat())?;
    let is_in_phase = run.wait_for_phase(api_server, phase)?;
    // These phases are so short that a check every millisecond can miss them.
    let is_short = ["staging", "proven"].contains(&phase);
    ensure!(is_in_phase || is_short, "this phase was never reached: {:?}", run.wait());
    run.signal(signal)?;
    let ending = run.wait()?;
    let now = Snapshot::take(api_server)?;
    let told = if (phase == "proven" || !is_in_phase) && now.process.audits() {
        ensure!([DONE, code].contains(&ending.code), "new settings, but unexpected end: {ending:?}");
        api_server.prove_audit(LOG)?;
        kaudit_json(api_server, DONE, &[&["disable"], &DRAIN[..]].concat())?;
        "new settings"
    } else {
        let ending = ending.expect(code)?;
        ensure!(!ending.stderr.is_empty(), "no message about the end");
        "old settings"
    };
    before.check_restored(api_server)?;
    trial.say(&format!("{signal} in the phase `{phase}`: {told}"));
    Ok(())
}

/// The end of the operator's session does not end a run: neither SIGHUP nor closed pipes do.
fn hang_up(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let mut run = Run::start_unheard(api_server, &[&ENABLE, &DRAIN[..]].concat())?;
    ensure!(run.wait_for_phase(api_server, "out")?, "the manifest was never moved out: {:?}", run.wait());
    run.hang_up();
    ensure!(run.signal(Signal::SIGHUP)?, "ended before the hang-up: {:?}", run.wait());
    run.wait()?.expect(DONE)?;
    let now = Snapshot::take(api_server)?;
    ensure!(now.process.audits(), "the new settings are not active: {:?}", now.process);
    api_server.prove_audit(LOG)?;
    trial.say("SIGHUP and broken pipes do not end a run");
    Ok(())
}

/// A second run while the first is in progress. The first one turns audit logging off again.
fn second_run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let mut first = Run::start(api_server, &[&["disable"], &DRAIN[..]].concat())?;
    ensure!(first.wait_for_phase(api_server, "out")?, "the manifest was never moved out: {:?}", first.wait());
    let pid = only_process(trial.node, "kaudit")?.pid;
    let second =
        kaudit(api_server, &[&["enable", "--policy", "metadata"], &DRAIN[..]].concat())?.expect(BUSY)?;
    let names_it = second.stderr.split(|c: char| !c.is_ascii_digit()).any(|word| word == pid.to_string());
    ensure!(names_it, "the first run, {pid}, is not named:\n{}", second.stderr);
    first.wait()?.expect(DONE)?;
    let now = Snapshot::take(api_server)?;
    ensure!(!now.process.audits(), "not the settings of the first run: {:?}", now.process);
    trial.say("a second run is refused and names the first");
    Ok(())
}

/// Another process writes a manifest while kaudit has moved the old one out. The new one stays.
fn foreign_edit(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let before = Snapshot::take(api_server)?;
    let text = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let theirs = text.replacen("  annotations:\n", "  annotations:\n    example.com/edited: by-hand\n", 1);
    ensure!(theirs != text, "kubeadm's manifest has no annotations");
    let aside = api_server.path(MANIFESTS).join(".theirs");

    let mut run = Run::start(api_server, &[&ENABLE, &DRAIN[..]].concat())?;
    ensure!(run.wait_for_phase(api_server, "out")?, "the manifest was never moved out: {:?}", run.wait());
    let live = api_server.path(MANIFEST);
    let is_out = run.wait_until("manifest moved out", || !live.exists())?;
    ensure!(is_out, "ended before: {:?}", run.wait());
    fs::write(&aside, &theirs).context("writing another manifest")?;
    fs::rename(&aside, &live).context("putting another manifest in")?;
    let ending = run.wait()?.expect(MANUAL_INTERVENTION)?;
    ensure!(manifest(api_server)? == theirs.as_bytes(), "the concurrent edit was overwritten");
    ensure!(ending.stderr.contains(MANIFEST), "the message does not name the manifest:\n{}", ending.stderr);
    trial.say("a manifest that another process wrote meanwhile stays");

    // `recover` overwrites nothing either until the operator has decided.
    kaudit(api_server, &["recover"])?.expect(MANUAL_INTERVENTION)?;
    ensure!(manifest(api_server)? == theirs.as_bytes(), "recover has overwritten the concurrent edit");
    fs::write(&aside, &before.manifest).context("writing the old manifest")?;
    fs::rename(&aside, &live).context("putting the old manifest back")?;
    kaudit(api_server, &["recover"])?.expect(DONE)?;
    before.check_restored(api_server)?;
    trial.say("after the old manifest was restored manually, recover completes the run");
    Ok(())
}
