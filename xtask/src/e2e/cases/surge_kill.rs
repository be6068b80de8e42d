//! Kills kaudit at many points during a surge and runs `recover`. Then the node must be healthy, with the old or the new
//! settings, and no part of the second API server may be left.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::surge_failures::{Surge, require_clean};
use crate::e2e::kaudit::{DRAIN, LOG, kaudit, kaudit_json, phase};
use crate::e2e::processes::processes;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::wait::wait_for;

const KILLED: i32 = 137;
/// The release that is tested at every moment; the others are tested at every fourth.
const THOROUGH: &str = "1.36.2";
const STEP: usize = 4;
/// A phase of the journal, and milliseconds after it began.
const MOMENTS: [(&str, u64); 8] = [
    ("surge", 0),
    ("surge", 1000),
    ("surge", 3000),
    ("out", 0),
    ("out", 5000),
    ("in", 0),
    ("in", 1500),
    ("proven", 1000),
];
const END_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let step = if trial.version == THOROUGH { 1 } else { STEP };
    for (phase, delay) in MOMENTS.into_iter().step_by(step) {
        kill(trial, phase, Duration::from_millis(delay))
            .with_context(|| format!("killed at `{phase}` + {delay} ms"))?;
    }
    Ok(())
}

/// Kills kaudit and runs `recover`: the node has the old or the new settings, and no part of the second API server is left.
fn kill(trial: &Trial<'_>, awaited: &str, delay: Duration) -> Result<()> {
    let api_server = &trial.api_server;
    let Surge { mut run, prober, before, port } = Surge::begin(trial)?;
    ensure!(run.wait_for_phase(api_server, awaited)?, "this phase was never reached: {:?}", run.wait());
    sleep(delay);
    ensure!(run.signal(Signal::SIGKILL)?, "ended before: {:?}", run.wait());
    run.wait()?.expect(KILLED)?;
    let found = phase(api_server).unwrap_or_else(|| "none".to_owned());

    kaudit(api_server, &["recover", "--drain", "1s"])?.expect(0)?;
    wait_for("the end of what kaudit has left", END_LIMIT, || {
        Ok((processes(api_server.node, "kube-apiserver")?.len() == 1).then_some(()))
    })?;
    let recovered = Snapshot::take(api_server)?;
    require_clean(api_server, port)?;
    let outage = prober.finish()?.unavailable();
    let end = if recovered.manifest == before.manifest {
        before.check_restored(api_server)?;
        "as before"
    } else {
        ensure!(recovered.process.audits(), "neither as before nor as asked: {:?}", recovered.process);
        api_server.prove_audit(LOG)?;
        kaudit_json(api_server, 0, &[&["disable"], &DRAIN[..]].concat())?;
        before.check_restored(api_server)?;
        "as asked"
    };
    let (delay, outage) = (delay.as_millis(), outage.as_millis());
    trial.say(&format!(
        "killed at `{awaited}` + {delay} ms, in `{found}`: recovered {end}, away for {outage} ms"
    ));
    Ok(())
}
