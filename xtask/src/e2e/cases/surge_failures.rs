//! Failures during a surge: a second API server that cannot start, SIGTERM, a kernel that cannot steer connections. Clients
//! do not notice, and no part of the second API server is left.

use std::fs;
use std::net::{Ipv6Addr, TcpListener};
use std::path::Path;
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::e2e::api_server::ApiServer;
use crate::e2e::client::Client;
use crate::e2e::kaudit::{Ending, LOG, Run, check_schema, journal, kaudit_json};
use crate::e2e::little_memory::LittleMemory;
use crate::e2e::obstacles::Obstacle;
use crate::e2e::prober::Prober;
use crate::e2e::processes::processes;
use crate::e2e::remains::require_none;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::wait::wait_for;
use crate::shell::command::capture;

const LOG_DIRECTORY: &str = "/var/log/kubernetes/audit";
const ENABLE: [&str; 6] = ["enable", "--yes", "--policy", "default", "--log-path", LOG];
const SURGE: [&str; 4] = ["--restart", "surge", "--timeout", "40s"];
const REFUSED: i32 = 3;
const TERMINATED: i32 = 143;
const END_LIMIT: Duration = Duration::from_mins(1);

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let read_only = |api_server| Obstacle::empty(api_server, LOG_DIRECTORY);
    fail(
        trial,
        "its log directory is read-only",
        "read-only file system",
        |_| read_only(&trial.api_server),
        Obstacle::remove,
    )?;
    let occupy = |port| occupy(&trial.api_server, port);
    fail(trial, "its port is taken", "address already in use", occupy, |listener| {
        drop(listener);
        Ok(())
    })?;
    let starve = |port| Ok(LittleMemory::on_port(&trial.api_server, port));
    fail(trial, "it gets little memory", "ran out of memory", starve, LittleMemory::end)?;
    for phase in ["surge", "out", "in"] {
        terminate(trial, phase).with_context(|| format!("SIGTERM in the phase `{phase}`"))?;
    }
    auto(trial)
}

/// A surge in progress, with a prober.
pub(super) struct Surge {
    pub(super) run: Run,
    pub(super) prober: Prober,
    pub(super) before: Snapshot,
    /// The port of the second API server.
    pub(super) port: u16,
}

impl Surge {
    /// Starts a surge on a node without audit logging, and stops just before kaudit writes the second API server's manifest.
    ///
    /// # Errors
    ///
    /// When it does not reach this phase.
    pub(super) fn begin(trial: &Trial<'_>) -> Result<Surge> {
        let api_server = &trial.api_server;
        let before = Snapshot::take(api_server)?;
        let prober = Prober::start(api_server)?;
        let mut run = Run::start(api_server, &[&ENABLE, &SURGE[..], &["--output", "json"]].concat())?;
        if !run.wait_for_phase(api_server, "surge")? {
            bail!("no surge: {:?}", run.wait());
        }
        let port = journal(api_server).and_then(|journal| journal.pointer("/surge/port")?.as_u64());
        let port = port.and_then(|port| u16::try_from(port).ok()).context("no port in the journal")?;
        Ok(Surge { run, prober, before, port })
    }

    /// Waits for the end of the run, and checks that no client noticed and that nothing is left.
    fn end_unnoticed(self, trial: &Trial<'_>, code: i32) -> Result<(Ending, Snapshot)> {
        let ending = self.run.wait()?.expect(code)?;
        // On a busy machine the kubelet may start the second API server only now, when it is already being removed.
        wait_for("the end of the second API server", END_LIMIT, || {
            Ok((processes(trial.node, "kube-apiserver")?.len() == 1).then_some(()))
        })?;
        self.before.check_restored(&trial.api_server)?;
        require_clean(&trial.api_server, self.port)?;
        let record = self.prober.finish()?;
        ensure!(record.failures.is_empty(), "the prober has recorded failures: {:?}", record.failures);
        Ok((ending, self.before))
    }
}

/// A second API server that cannot start: kaudit refuses with its message, and the first one is not affected.
fn fail<T>(
    trial: &Trial<'_>,
    what: &str,
    said: &str,
    hinder: impl FnOnce(u16) -> Result<T>,
    free: impl FnOnce(T) -> Result<()>,
) -> Result<()> {
    let surge = Surge::begin(trial)?;
    let obstacle = hinder(surge.port)?;
    let mut run = surge.run;
    let is_out = run.wait_for_phase(&trial.api_server, "out")?;
    free(obstacle)?;
    ensure!(!is_out, "kaudit moved the old manifest out although {what}");
    let (ending, before) = Surge { run, ..surge }.end_unnoticed(trial, REFUSED)?;
    let now = trial.api_server.process()?;
    ensure!(now == before.process, "another API server than before");
    let report = ending.json()?;
    let refusal = report.pointer("/diagnostics/0").map(Value::to_string).unwrap_or_default();
    ensure!(refusal.contains(said), "no diagnostic about {said}: {report}");
    trial.say(&format!("{what}: refused, and no client noticed"));
    Ok(())
}

/// Listens on `port` in the node's network, as another program could.
fn occupy(api_server: &ApiServer<'_>, port: u16) -> Result<TcpListener> {
    let client = Client::anonymous(api_server)?;
    let thread = thread::spawn(move || {
        client.enter_network()?;
        TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).context("taking the port")
    });
    let Ok(listener) = thread.join() else { bail!("the thread that takes the port has panicked") };
    listener
}

fn terminate(trial: &Trial<'_>, phase: &str) -> Result<()> {
    let mut surge = Surge::begin(trial)?;
    ensure!(surge.run.wait_for_phase(&trial.api_server, phase)?, "never in this phase");
    // Within the phase, not at its very beginning.
    sleep(Duration::from_millis(500));
    ensure!(surge.run.signal(Signal::SIGTERM)?, "ended before the signal");
    let (ending, _) = surge.end_unnoticed(trial, TERMINATED)?;
    ensure!(!ending.stdout.is_empty(), "no message about the end");
    trial.say(&format!("SIGTERM in the phase `{phase}`: old settings, and no client noticed"));
    Ok(())
}

/// Without `--restart` kaudit uses a surge. Where it cannot steer connections, it uses a move and says why.
fn auto(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let report = kaudit_json(api_server, 0, &ENABLE)?;
    told(trial, &report, "surge", "restart: surge")?;
    let lacking = ["--bounding-set", "-bpf,-net_admin,-sys_admin", "--", "kaudit"];
    let disable = ["disable", "--yes", "--output", "json"];
    let text = capture(api_server.node.command("setpriv").args(lacking).args(disable))?;
    check_schema(&format!("kaudit {}", disable.join(" ")), 0, &text)?;
    let report = serde_json::from_str(&text).context("reading the report")?;
    told(trial, &report, "move", "CAP_NET_ADMIN")
}

fn told(trial: &Trial<'_>, report: &Value, method: &str, said: &str) -> Result<()> {
    ensure!(report.pointer("/restart/method") == Some(&method.into()), "not a {method}: {report}");
    let notes = report.get("diagnostics").and_then(Value::as_array).context("no diagnostics")?;
    let note =
        notes.iter().map(Value::to_string).find(|note| note.contains("restart: ") && note.contains(said));
    let note = note.with_context(|| format!("no diagnostic about {said}: {report}"))?;
    trial.say(&note);
    Ok(())
}

/// Checks that a surge has left nothing behind: no process, no socket, no BPF program, no temporary log file.
///
/// # Errors
///
/// When something is left.
pub(super) fn require_clean(api_server: &ApiServer<'_>, port: u16) -> Result<()> {
    require_none(api_server, port)?;
    let directory = api_server.path(LOG_DIRECTORY);
    if !Path::new(&directory).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&directory).with_context(|| format!("listing {}", directory.display()))? {
        let name = entry?.file_name();
        ensure!(!name.to_string_lossy().contains("surge"), "left in the log directory: {}", name.display());
    }
    Ok(())
}
