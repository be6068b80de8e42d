//! The settings and the result of the server.

use crate::receive::{Form, Metrics};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The settings of `kaudit receive`.
#[derive(Debug, Clone)]
pub struct EventServer {
    /// The address to listen on; port 0 selects a free port.
    pub listen: SocketAddr,
    /// TLS, if enabled.
    pub tls: Option<TlsFiles>,
    /// The file with accepted bearer tokens, one per line.
    pub token: Option<PathBuf>,
    /// The longest body, in bytes.
    pub max_body: usize,
    /// The maximum number of connections.
    pub max_connections: usize,
    /// How long the head of a request, a handshake and a body may each take.
    pub timeout: Duration,
    /// How long current requests may take to finish after the server is stopped.
    pub grace: Duration,
    /// The number of recent bodies remembered for deduplication.
    pub remembered: usize,
    /// The output format.
    pub form: Form,
    /// The output.
    pub output: EventOutput,
    /// When events are synced to disk.
    pub sync: SyncPolicy,
}

/// TLS files in PEM. They are read again when they change.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The CA bundle for client certificates; if set, requests need a client certificate.
    pub client_authorities: Option<PathBuf>,
}

/// The output of events.
#[derive(Debug, Clone)]
pub enum EventOutput {
    /// Standard output.
    Standard,
    /// A file that is rotated.
    File {
        /// Its path.
        path: PathBuf,
        /// Rotate before a batch that would exceed this size in bytes; 0: never.
        max_size: u64,
        /// How many rotated files are kept; 0: all.
        keep: usize,
    },
}

/// When events are synced to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// The kernel decides: a power loss loses the last seconds, the end of the process loses nothing.
    Never,
    /// Before each request is answered.
    Batch,
    /// At least once within this interval.
    Interval(Duration),
}

/// How an event server ended.
#[derive(Debug)]
pub struct Received {
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// Connections that were closed at the end before their request was answered.
    pub cut: usize,
    /// The error that ended the server; `None` if it was stopped by a signal.
    pub broken: Option<String>,
}
