//! A surge of an API server that listens on one address only. Clients outside the node do not notice it. Clients on the
//! node have no API server while the new one starts. The port on other addresses, which another program may use, is not
//! changed.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::surge_failures::require_clean;
use crate::e2e::api_server::ApiServer;
use crate::e2e::client::Client;
use crate::e2e::files::{MANIFEST, MANIFESTS, manifest};
use crate::e2e::kaudit::{LOG, Run, journal};
use crate::e2e::load::elsewhere;
use crate::e2e::prober::Prober;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::configuration::ADDRESS;

const PORT: u16 = 6443;
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);
const PERIOD: Duration = Duration::from_millis(20);
/// From the first listening of the new API server to the end of the steering it is 3 to 5 seconds on a quiet machine.
const OWN_LIMIT: Duration = Duration::from_secs(30);

const ENABLE: [&str; 9] =
    ["enable", "--yes", "--restart", "surge", "--policy", "default", "--output", "json", "--log-path"];

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let elsewhere = elsewhere::make(api_server)?;
    bind(api_server)?;
    let before = Snapshot::take(api_server)?;
    let neighbour = Neighbour::on_loopback(api_server)?;
    let here = Client::anonymous(api_server)?;
    let there = here.clone().within(elsewhere);
    let probers = [there, here].map(|client| Prober::ask(client, PERIOD));

    let mut run = Run::start(api_server, &[&ENABLE[..], &[LOG]].concat())?;
    if !run.wait_for_phase(api_server, "surge")? {
        bail!("no surge: {:?}", run.wait());
    }
    let port = journal(api_server).and_then(|journal| journal.pointer("/surge/port")?.as_u64());
    let port = port.and_then(|port| u16::try_from(port).ok()).context("no port in the journal")?;
    let report = run.wait()?.expect(0)?.json()?;
    ensure!(report.pointer("/restart/method") == Some(&Value::from("surge")), "not a surge: {report}");

    let [elsewhere, own] = probers.map(Prober::finish);
    let (elsewhere, own) = (elsewhere?, own?);
    let connections = neighbour.end()?;
    let now = Snapshot::take(api_server)?;
    ensure!(
        now.process.pid != before.process.pid && now.process.audits(),
        "not restarted: {:?}",
        now.process
    );
    require_clean(api_server, port)?;
    trial.say(&format!(
        "bound to {ADDRESS}: of {} requests from elsewhere {} failed; the node itself was without it for {} ms; all of {connections} \
         connections to {LOOPBACK} came to the program that listens there",
        elsewhere.probes,
        elsewhere.failures.len(),
        own.unavailable().as_millis(),
    ));
    ensure!(elsewhere.failures.is_empty(), "{:?}", elsewhere.failures);
    ensure!(own.unavailable() < OWN_LIMIT, "the node itself was without its API server: {:?}", own.failures);
    let said = report.pointer("/restart/unavailableMs").and_then(Value::as_u64);
    ensure!(said == Some(0), "kaudit says that clients were without it for {said:?} ms");
    Ok(())
}

/// Makes the API server listen only on the node's address.
fn bind(api_server: &ApiServer<'_>) -> Result<()> {
    let old = api_server.process()?;
    let text = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let flag = "    - --allow-privileged=true\n";
    let bound = text.replacen(flag, &format!("{flag}    - --bind-address={ADDRESS}\n"), 1);
    ensure!(bound != text, "kubeadm's manifest allows no privileged containers");
    let new = api_server.path(MANIFESTS).join(".bound");
    fs::write(&new, bound).context("writing the manifest")?;
    fs::rename(new, api_server.path(MANIFEST)).context("replacing the manifest")?;
    api_server.wait_for_successor(&old, false).map(drop)
}

/// Another program that uses the API server's port on the loopback address, and its clients.
struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u32>>,
}

impl Neighbour {
    fn on_loopback(api_server: &ApiServer<'_>) -> Result<Neighbour> {
        let client = Client::anonymous(api_server)?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                client.enter_network()?;
                let listener = TcpListener::bind(LOOPBACK).context("listening beside the API server")?;
                listener.set_nonblocking(true).context("not waiting for connections")?;
                let mut connections = 0;
                while !stop.load(Ordering::Relaxed) {
                    let ours = TcpStream::connect(LOOPBACK).context("connecting to the neighbour")?;
                    let ours = ours.local_addr().context("asking for an address")?;
                    match listener.accept() {
                        Ok((_, from)) => ensure!(from == ours, "a connection from {from}, not {ours}"),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            bail!("a connection to {LOOPBACK} went to another program")
                        }
                        Err(error) => return Err(error).context("accepting"),
                    }
                    connections += 1;
                    sleep(PERIOD);
                }
                Ok(connections)
            }
        });
        Ok(Neighbour { stop, thread })
    }

    /// Stops both, and returns the number of connections.
    fn end(self) -> Result<u32> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(connections) = self.thread.join() else { bail!("the neighbour has panicked") };
        let connections = connections?;
        ensure!(connections > 0, "no client has connected to the other program");
        Ok(connections)
    }
}
