//! A request to the API server, and its result.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The address of this node's own API server, and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An address of this node, never that of a load balancer.
    pub address: SocketAddr,
    /// The certificate file (on the host) from `--tls-cert-file`. If known, only a server with exactly this
    /// certificate is accepted.
    pub certificate: Option<PathBuf>,
}

/// A client certificate and its key, as files on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM file of the certificate chain.
    pub certificate: PathBuf,
    /// PEM file of the key.
    pub key: PathBuf,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The server.
    pub endpoint: Endpoint,
    /// The local address to connect from; `None`: the kernel chooses, which for an address of this node is the same
    /// address.
    pub from: Option<IpAddr>,
    /// The client certificate; `None`: anonymous.
    pub identity: Option<ClientIdentity>,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// A JSON body.
    pub body: Option<String>,
    /// The `Audit-ID` header.
    pub audit_id: Option<String>,
    /// The time limit for connecting, writing and reading together.
    pub timeout: Duration,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The API server answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// The start of the body, at most a few KiB.
        body: String,
    },
    /// There was no answer; the reason in one line.
    Nobody(String),
}

impl Answer {
    /// Whether the status is 200.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Answer::Status { code: 200, .. })
    }
}
