//! What the server is to do, and how it ended.

use crate::receive::{Form, Metrics};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What `kaudit receive` is to do.
#[derive(Debug, Clone)]
pub struct EventServer {
    /// Where it listens; port 0: any that is free.
    pub listen: SocketAddr,
    /// TLS, if it is on.
    pub tls: Option<TlsFiles>,
    /// The file of the bearer tokens, one a line, of which a request has to have one.
    pub token: Option<PathBuf>,
    /// The longest body, in bytes.
    pub max_body: usize,
    /// The most connections at a time.
    pub max_connections: usize,
    /// How long the head of a request, a handshake and a body may each take.
    pub timeout: Duration,
    /// How long requests may take to finish after the end was asked for.
    pub grace: Duration,
    /// How many bodies are remembered, to know one that comes again.
    pub remembered: usize,
    /// How events are written.
    pub form: Form,
    /// Where.
    pub output: EventOutput,
    /// When written events are synced to the disk.
    pub sync: SyncPolicy,
}

/// The files of TLS, PEM. They are read again when they change.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Who may issue client certificates; with it every request needs one.
    pub client_authorities: Option<PathBuf>,
}

/// Where events go.
#[derive(Debug, Clone)]
pub enum EventOutput {
    /// Standard output.
    Standard,
    /// A file that is rotated.
    File {
        /// Its path.
        path: PathBuf,
        /// It is rotated before a batch that would make it larger, in bytes; 0: never.
        max_size: u64,
        /// Rotated files that are kept; 0: all.
        keep: usize,
    },
}

/// When written events are synced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// The kernel does it in its own time: a power cut loses the last seconds, the end of a process nothing.
    Never,
    /// Before a request is answered.
    Batch,
    /// After this time at the latest.
    Interval(Duration),
}

/// How an event server ended.
#[derive(Debug)]
pub struct Received {
    /// What it counted.
    pub metrics: Arc<Metrics>,
    /// Connections that had to be cut when the end had come; what they were sending was not answered.
    pub cut: usize,
    /// Why it ended by itself: the output is gone. `None`: it was asked to.
    pub broken: Option<String>,
}
