//! A restart without an outage, under load: new connections, writers and watches, on the node and outside it. No client
//! notices, and the audit log has every write. An edit in place and a move in the same run show that the load does detect
//! an outage.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::outage::edit;
use crate::e2e::client::Client;
use crate::e2e::kaudit::{DRAIN, LOG, Run, journal, kaudit_json};
use crate::e2e::load::trail::Trail;
use crate::e2e::load::{Figures, Load, elsewhere};
use crate::e2e::prober::Prober;
use crate::e2e::remains::{is_steered, require_none};
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;

const OPTIONS: [&str; 5] = ["--yes", "--restart", "surge", "--output", "json"];
/// How long the load runs before and after each step.
const MARGIN: Duration = Duration::from_secs(2);
/// A watch breaks with each API server that ends: the old one and the temporary one.
const BREAKS: u32 = 2;
/// After how long a client without back-off reconnects.
const IMPATIENT: Duration = Duration::from_millis(1);

/// A node and a second network next to it.
struct Surges<'a> {
    trial: &'a Trial<'a>,
    elsewhere: PathBuf,
}

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let surges = Surges { trial, elsewhere: elsewhere::make(api_server)? };
    let pristine = Snapshot::take(api_server)?;

    surges.step("enable", &["enable", "--policy", "default", "--log-path", LOG])?;
    surges.step("change", &["enable", "--policy", "metadata"])?;
    surges.step("rollback", &["rollback"])?;
    surges.limit()?;
    surges.step("disable", &["disable"])?;
    pristine.check_restored(api_server)?;

    // What the same load notices of other ways.
    surges.compare("edit", || edit(api_server))?;
    surges.compare("move", || kaudit_json(api_server, 0, &[&["restart"], &DRAIN[..]].concat()).map(drop))
}

impl Surges<'_> {
    /// One run of kaudit, under load.
    fn step(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let Surges { trial, elsewhere } = self;
        let api_server = &trial.api_server;
        let before = Snapshot::take(api_server)?;
        let load = Load::start(api_server, elsewhere, name)?;
        sleep(MARGIN);
        let (report, port) = self.surge(arguments)?;
        sleep(MARGIN);
        let figures = load.finish()?;
        trial.say(&format!("surge, {name}: {}", figures.line()));

        let now = Snapshot::take(api_server)?;
        ensure!(now.process.pid != before.process.pid, "the API server was not restarted");
        let audits = name != "disable";
        ensure!(now.process.audits() == audits, "after {name}: {:?}", now.process);
        require_none(api_server, port)?;
        self.check(&report, &now).with_context(|| format!("in {report}"))?;
        figures.require_none_failed(BREAKS)?;
        if before.process.audits() && audits {
            let directory = api_server.path(LOG);
            let directory = directory.parent().context("the log lies in a directory")?;
            Trail::read(directory)?.check(&figures.identifiers)?;
            trial.say(&format!("{} writes are in the audit log, each once", figures.identifiers.len()));
        }
        Ok(())
    }

    /// Runs kaudit, checks whether it steers, and returns its report and the port of the second API server.
    fn surge(&self, arguments: &[&str]) -> Result<(Value, u16)> {
        let api_server = &self.trial.api_server;
        let mut run = Run::start(api_server, &[arguments, &OPTIONS].concat())?;
        if !run.wait_for_phase(api_server, "surge")? {
            bail!("no surge: {:?}", run.wait());
        }
        let port = journal(api_server).and_then(|journal| journal.pointer("/surge/port")?.as_u64());
        let port = port.and_then(|port| u16::try_from(port).ok()).context("no port in the journal")?;
        if !run.wait_for_phase(api_server, "out")? {
            bail!("the old manifest has not gone out: {:?}", run.wait());
        }
        ensure!(is_steered(api_server)?, "nothing steers connections while the old API server goes");
        Ok((run.wait()?.expect(0)?.json()?, port))
    }

    fn check(&self, report: &Value, now: &Snapshot) -> Result<()> {
        let says = |pointer: &str, value: Value| report.pointer(pointer) == Some(&value);
        ensure!(says("/changed", true.into()) && says("/failed", false.into()), "not as asked");
        ensure!(says("/restart/method", "surge".into()), "another restart");
        ensure!(says("/restart/unavailableMs", 0.into()), "an outage");
        let itself = report.pointer("/restart/unavailableToItselfMs").and_then(Value::as_u64);
        let itself = itself.context("no `unavailableToItselfMs`")?;
        ensure!(
            says("/verified/process", now.process.pid.into()),
            "another process than {}",
            now.process.pid
        );
        let log = report.pointer("/restart/surgeLog").and_then(Value::as_str);
        ensure!(log.is_some() == now.process.audits(), "a log where none can be, or none");
        if let Some(log) = log {
            let length = fs::metadata(self.trial.api_server.path(log))
                .with_context(|| format!("looking for {log}"))?;
            ensure!(length.len() > 0, "{log} is empty");
            let name = log.rsplit('/').next().unwrap_or_default();
            ensure!(name.starts_with("audit-2"), "{log} is not called as a rotated log");
        }
        self.trial.say(&format!("the node itself was without an API server for {itself} ms"));
        Ok(())
    }

    /// What clients notice that reconnect after a millisecond.
    fn limit(&self) -> Result<()> {
        let Surges { trial, elsewhere } = self;
        let here = Client::anonymous(&trial.api_server)?;
        let there = here.clone().within(elsewhere.clone());
        let clients = [&here, &there, &here, &there];
        let probers = clients.map(|client| Prober::ask(client.clone(), IMPATIENT));
        let (_, port) = self.surge(&["restart"])?;
        let (mut requests, mut failures) = (0, Vec::new());
        for prober in probers {
            let record = prober.finish()?;
            requests += record.probes;
            failures.extend(record.failures);
        }
        require_none(&trial.api_server, port)?;
        let failed = u32::try_from(failures.len()).unwrap_or(u32::MAX);
        trial.say(&format!(
            "surge, 1 ms between a client's requests: {requests} requests, {failed} failed: {failures:?}"
        ));
        ensure!(failed < requests / 100, "that is more than one percent");
        Ok(())
    }

    /// The load during another restart method. It must detect the outage.
    fn compare(&self, name: &str, restart: impl FnOnce() -> Result<()>) -> Result<()> {
        let Surges { trial, elsewhere } = self;
        let load = Load::start(&trial.api_server, elsewhere, name)?;
        sleep(MARGIN);
        restart()?;
        sleep(MARGIN);
        let figures: Figures = load.finish()?;
        trial.say(&format!("for comparison, {name}: {}", figures.line()));
        ensure!(figures.failures.len() > 10, "the load has noticed only {:?}", figures.failures);
        ensure!(figures.outages.iter().all(|outage| !outage.is_zero()), "a prober has noticed nothing");
        Ok(())
    }
}
