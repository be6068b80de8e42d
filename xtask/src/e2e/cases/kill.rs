//! Kills kaudit at many points of a run, then runs `recover` and the same command again. The node must be healthy after
//! each, with the old or the new settings and no temporary files beside the manifest.

use std::collections::BTreeMap;
use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::e2e::kaudit::{LOG, Run, kaudit, phase};
use crate::e2e::processes::processes;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::wait::wait_for;

/// This release gets every second moment, beginning with the first; the others get the remaining ones.
const FIRST: &str = "1.36.2";
/// How many kills must have met a living run, on each release.
const LEAST: usize = 12;

/// Without watches the API server ends immediately, so a short drain is enough.
const OPTIONS: [&str; 5] = ["--yes", "--restart", "move", "--drain", "1s"];

/// A trial run ends when it writes to its closed pipe.
const TRIAL_LIMIT: Duration = Duration::from_secs(10);

/// The number of parts into which the time of an undisturbed run is divided.
const PARTS: u32 = 24;
/// A phase of the journal, and milliseconds after it began.
const PHASES: [(&str, &[u64]); 4] = [
    ("staging", &[0, 2]),
    ("out", &[0, 50, 300, 1000]),
    ("in", &[0, 50, 500, 1000, 2000, 3000]),
    ("proven", &[0, 2]),
];
/// The same after SIGTERM, on which kaudit rolls back.
const BACK: [u64; 4] = [0, 50, 500, 2000];

/// A moment of a run.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After this many parts of the time of a run.
    Part(u32),
    /// This long after the journal entered a phase.
    Phase(&'static str, Duration),
    /// This long after the rollback began.
    Back(Duration),
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Part(part) => write!(formatter, "{part}/{PARTS} of the time"),
            Moment::Phase(phase, delay) => write!(formatter, "`{phase}` + {} ms", delay.as_millis()),
            Moment::Back(delay) => write!(formatter, "`back` + {} ms", delay.as_millis()),
        }
    }
}

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let begins_at = usize::from(trial.version != FIRST);
    // Enable and disable in turn, so that each cycle begins where the one before it ended.
    again(trial, true)?;
    // The first one after the node's start takes longer.
    let begin = Instant::now();
    again(trial, false)?;
    let whole = begin.elapsed();
    trial.say(&format!("undisturbed: {:.1} s", whole.as_secs_f64()));

    let mut audits = false;
    let mut phases: BTreeMap<String, usize> = BTreeMap::new();
    for moment in moments().into_iter().skip(begins_at).step_by(2) {
        audits = !audits;
        let met = cycle(trial, moment, audits, whole).with_context(|| format!("killed at {moment}"))?;
        if let Some(phase) = met {
            *phases.entry(phase).or_default() += 1;
        }
    }
    let met: usize = phases.values().sum();
    trial.say(&format!("{met} kills met a living run: {phases:?}"));
    ensure!(met >= LEAST, "only {met} kills met a living run");
    Ok(())
}

fn moments() -> Vec<Moment> {
    let in_phases = PHASES.into_iter().flat_map(|(phase, delays)| {
        delays.iter().map(move |delay| Moment::Phase(phase, Duration::from_millis(*delay)))
    });
    let back = BACK.map(|delay| Moment::Back(Duration::from_millis(delay)));
    (1..PARTS).map(Moment::Part).chain(in_phases).chain(back).collect()
}

/// One kill, `recover`, and the command again. Returns the phase that the kill met, if it met a living run.
fn cycle(trial: &Trial<'_>, moment: Moment, audits: bool, whole: Duration) -> Result<Option<String>> {
    let api_server = &trial.api_server;
    let begin = Instant::now();
    let before = Snapshot::take(api_server)?;
    let mut run = Run::start(api_server, &[change(audits), &OPTIONS[..]].concat())?;
    let is_time = match moment {
        Moment::Part(part) => {
            run.pid()?;
            let time = whole * part / PARTS;
            let begin = Instant::now();
            run.wait_until("time to be killed", || begin.elapsed() >= time)?
        }
        Moment::Phase(phase, delay) => run.wait_for_phase(api_server, phase)? && pause(delay),
        Moment::Back(delay) => {
            run.wait_for_phase(api_server, "in")?
                && run.signal(Signal::SIGTERM)?
                && run.wait_for_phase(api_server, "back")?
                && pause(delay)
        }
    };
    let met = is_time && run.signal(Signal::SIGKILL)?;
    let found = phase(api_server).unwrap_or_else(|| "none".to_owned());
    let ending = run.wait()?;
    let killed = ending.code == 128 + Signal::SIGKILL as i32;
    ensure!(met || !killed, "killed by another process");

    kaudit(api_server, &["recover", "--drain", "1s"])?.expect(0)?;
    // A trial run of the node's kube-apiserver binary ends by itself after its kaudit was killed.
    wait_for("the end of a trial run in progress", TRIAL_LIMIT, || {
        Ok((processes(api_server.node, "kube-apiserver")?.len() == 1).then_some(()))
    })?;
    let recovered = Snapshot::take(api_server)?;
    let end = if recovered.manifest == before.manifest {
        before.check_restored(api_server)?;
        "old settings"
    } else if recovered.process.audits() == audits {
        "new settings"
    } else {
        bail!("neither the old nor the new settings: {:?}", recovered.process);
    };
    again(trial, audits)?;
    let told =
        if killed { format!("met `{found}`") } else { format!("too late, ended with {}", ending.code) };
    let what = if audits { "enable" } else { "disable" };
    let took = begin.elapsed().as_secs_f64();
    trial.say(&format!("{took:>5.1} s {what:<8} {moment}: {told}, recovered {end}"));
    Ok(killed.then_some(found))
}

fn pause(delay: Duration) -> bool {
    sleep(delay);
    true
}

fn change(audits: bool) -> &'static [&'static str] {
    if audits { &["enable", "--policy", "default", "--log-path", LOG] } else { &["disable"] }
}

/// The same command, undisturbed.
fn again(trial: &Trial<'_>, audits: bool) -> Result<()> {
    kaudit(&trial.api_server, &[change(audits), &OPTIONS[..]].concat())?.expect(0)?;
    let now = Snapshot::take(&trial.api_server)?;
    ensure!(now.process.audits() == audits, "not as asked: {:?}", now.process);
    if audits { trial.api_server.prove_audit(LOG) } else { Ok(()) }
}
