//! `kaudit receive` compared with a receiver in Go (`xtask/peers/receiver`): both as separate processes, in turn, with the same
//! events over the same number of connections, each with an output file. All events must be in the file.
//!
//! Then kaudit alone: over TLS, with each batch synced before the response, and its memory for many batches.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use crate::shell::command::run as start;
use crate::shell::go::go_that_builds;
use crate::shell::project::Project;

/// The API server's default maximum (`--audit-webhook-batch-max-size`).
const BATCH: usize = 400;
const BATCHES: usize = 100;
const CONNECTIONS: usize = 4;
/// How often each receiver is started.
const ROUNDS: usize = 3;

/// The number of rounds of all batches over which the peak memory is taken: how many bodies coincide is random.
const MEMORY_ROUNDS: usize = 4;
/// How many times as many are sent before the second measurement.
const AGAIN: usize = 4;

/// The measured medians, in events per second.
pub(super) struct Rates {
    /// kaudit, with the same settings as Go: without TLS, without explicit syncs.
    pub(super) kaudit: f64,
    /// The receiver in Go.
    pub(super) peer: f64,
    /// kaudit over TLS.
    pub(super) tls: f64,
    /// kaudit with `--fsync batch`.
    pub(super) synced: f64,
    /// The most memory of kaudit in bytes, in its first [`MEMORY_ROUNDS`], and in as many after [`AGAIN`] times as many.
    pub(super) memory: (u64, u64),
}

/// A way to send.
type Tls = Option<Arc<ClientConfig>>;

/// Measures both.
///
/// # Errors
///
/// When one cannot be built or started, or loses an event.
pub(super) fn measure(project: &Project, kaudit: &Path) -> Result<Rates> {
    let peer = project.cache.join("peers/receiver");
    start(
        go_that_builds("build", &project.root.join("xtask/peers/receiver"))?.arg("-o").arg(&peer).arg("."),
    )?;
    let file = project.target.join("bench/events.log");
    let bodies: Vec<Vec<u8>> = (0..BATCHES).map(body).collect();
    let certificates = project.root.join("tests/receive/testdata");
    let tls = Some(Arc::new(configuration(&certificates)?));
    let receiver = |options: &[&str]| {
        let mut command = Command::new(kaudit);
        command.args(["receive", "--listen", "127.0.0.1:0", "--format", "json", "--maxsize", "0"]);
        command.args(options).arg("--output-file").arg(&file).current_dir(&certificates);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let lazy = ["--fsync", "never"];
    let secure = ["--fsync", "never", "--tls-cert", "server.crt", "--tls-key", "server.key"];
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let mut go = Command::new(&peer);
        go.arg(&file).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let ways = [
            (receiver(&lazy), &None),
            (go, &None),
            (receiver(&secure), &tls),
            (receiver(&["--fsync", "batch"]), &None),
        ];
        for ((command, tls), times) in ways.into_iter().zip(&mut times) {
            times.push(time(command, &file, &bodies, tls)?);
        }
    }
    let [plain, go, over_tls, synced] = times;
    let memory = peaks(receiver(&["--fsync", "never", "--remember", "0"]), &file, &bodies)?;
    Ok(Rates { kaudit: rate(plain)?, peer: rate(go)?, tls: rate(over_tls)?, synced: rate(synced)?, memory })
}

fn configuration(certificates: &Path) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificates.join("server-ca.crt")).context("an authority")?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

/// The most memory of a receiver, in bytes, in its first [`MEMORY_ROUNDS`], and in the last of [`AGAIN`] times as many.
fn peaks(command: Command, file: &Path, bodies: &[Vec<u8>]) -> Result<(u64, u64)> {
    let (receiver, address) = Receiver::start(command, file)?;
    let rounds = |count: usize| (0..count).try_for_each(|_| send_all(address, bodies, &None));
    rounds(MEMORY_ROUNDS)?;
    let first = receiver.peak_memory()?;
    rounds(MEMORY_ROUNDS * (AGAIN - 2))?;
    receiver.forget_peak()?;
    rounds(MEMORY_ROUNDS)?;
    Ok((first, receiver.peak_memory()?))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a person, of a few digits")]
fn rate(times: Vec<Duration>) -> Result<f64> {
    Ok((BATCH * BATCHES) as f64 / super::median(times)?)
}

/// Starts a receiver, sends everything, and ends it; how long the sending took.
fn time(command: Command, file: &Path, bodies: &[Vec<u8>], tls: &Tls) -> Result<Duration> {
    let (receiver, address) = Receiver::start(command, file)?;
    let begin = Instant::now();
    send_all(address, bodies, tls)?;
    let took = begin.elapsed();
    drop(receiver);
    let text = fs::read_to_string(file).context("reading the events")?;
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).context("reading an event")?;
        ids.insert(event.get("auditID").and_then(Value::as_str).unwrap_or_default().to_owned());
    }
    ensure!(ids.len() == BATCH * BATCHES, "{} of {} events are there", ids.len(), BATCH * BATCHES);
    Ok(took)
}

/// Sends all bodies, each over one of some connections.
fn send_all(address: SocketAddr, bodies: &[Vec<u8>], tls: &Tls) -> Result<()> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|client| {
                let bodies = bodies.iter().skip(client).step_by(CONNECTIONS);
                scope.spawn(move || connect(address, bodies, tls))
            })
            .collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().unwrap_or_else(|_| Err(anyhow!("a client panicked"))))
    })
}

/// A receiver that runs; it is ended with it.
struct Receiver(Child);

impl Receiver {
    /// Starts one that writes to `file`, anew, and says where it listens.
    fn start(mut command: Command, file: &Path) -> Result<(Self, SocketAddr)> {
        if file.exists() {
            fs::remove_file(file).context("removing the last run's events")?;
        }
        let mut receiver = Self(command.spawn().context("starting a receiver")?);
        let address = receiver.address()?;
        Ok((receiver, address))
    }

    /// From now on the most memory is looked for anew (`proc_pid_clear_refs(5)`).
    fn forget_peak(&self) -> Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.0.id()), "5").context("forgetting its memory")
    }

    /// The most memory that it had so far, in bytes (`proc_pid_status(5)`).
    fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).context("its memory")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kibibytes: u64 = peak.context("its memory")?.parse().context("its memory")?;
        Ok(kibibytes * 1024)
    }

    /// Where it listens: what its first line ends in. kaudit says so on standard error, the peer on standard output.
    fn address(&mut self) -> Result<SocketAddr> {
        let stream: Box<dyn Read> = match self.0.stderr.take() {
            Some(stream) => Box::new(stream),
            None => Box::new(self.0.stdout.take().context("the receiver has no streams")?),
        };
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).context("reading what the receiver says")?;
        let address = line.trim_end().rsplit(['/', ' ']).next().unwrap_or_default();
        address.parse().with_context(|| format!("the receiver says {line:?}"))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // All is answered, so all is written.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn connect<'a>(address: SocketAddr, bodies: impl Iterator<Item = &'a Vec<u8>>, tls: &Tls) -> Result<()> {
    let stream = TcpStream::connect(address).context("connecting")?;
    stream.set_nodelay(true).context("connecting")?;
    match tls {
        None => send(stream, address, bodies),
        Some(configuration) => {
            let name = ServerName::from(address.ip());
            let connection = ClientConnection::new(Arc::clone(configuration), name)?;
            send(StreamOwned::new(connection, stream), address, bodies)
        }
    }
}

/// Posts bodies over one connection, one after the other.
fn send<'a>(
    mut stream: impl Read + Write,
    address: SocketAddr,
    bodies: impl Iterator<Item = &'a Vec<u8>>,
) -> Result<()> {
    for body in bodies {
        let head = format!(
            "POST /audit HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).context("posting")?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).context("reading an answer")?;
            answer.extend(byte);
        }
        ensure!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

/// The list with this number. Every fourth event has the bodies of a write, as with a policy for them.
fn body(number: usize) -> Vec<u8> {
    let items: Vec<Value> = (0..BATCH).map(|index| event(number * BATCH + index)).collect();
    let list = json!({
        "kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items,
    });
    list.to_string().into_bytes()
}

fn event(number: usize) -> Value {
    let mut event = json!({
        "level": "Metadata",
        "auditID": format!("4b0a6c1e-0000-4000-8000-{number:012}"),
        "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/configmaps/c{number}?fieldManager=kubectl&timeout=30s"),
        "verb": "patch",
        "user": {
            "username": "system:serviceaccount:shop:deployer",
            "uid": "0f2c4a68-7c1c-4b8e-9d39-53cc5a1d9d0a",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
            "extra": { "authentication.kubernetes.io/pod-name": ["deployer-5c9f7d9b8-x2x7z"] },
        },
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "kubectl/v1.36.2 (linux/amd64) kubernetes/0000000",
        "objectRef": {
            "resource": "configmaps", "namespace": "shop", "name": format!("c{number}"), "apiVersion": "v1",
        },
        "responseStatus": { "metadata": {}, "code": 200 },
        "requestReceivedTimestamp": "2026-11-21T03:14:15.926535Z",
        "stageTimestamp": "2026-11-21T03:14:15.979323Z",
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "RBAC: allowed by RoleBinding \"deploy/shop\" of Role \"deploy\" to ServiceAccount \"deployer/shop\"",
        },
    });
    if number.is_multiple_of(4) {
        let object = json!({
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": { "name": format!("c{number}"), "namespace": "shop", "labels": { "app": "web" } },
            "data": { "settings": "key = \"value\"\n".repeat(60) },
        });
        for name in ["requestObject", "responseObject"] {
            event.as_object_mut().map(|event| event.insert(name.to_owned(), object.clone()));
        }
    }
    event
}
