//! A request to the API server, and what comes of it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Where this node's own API server listens, and what it proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An address of this node, never a load balancer's.
    pub address: SocketAddr,
    /// The file (on the host) of the certificate that it presents, from `--tls-cert-file`. Where it is known, only
    /// a server with this very certificate is believed.
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
    /// To whom.
    pub endpoint: Endpoint,
    /// From which address of this node; `None`: the kernel chooses, and for an address of this node it takes the same.
    pub from: Option<IpAddr>,
    /// As whom; `None`: anonymously.
    pub identity: Option<ClientIdentity>,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// A JSON body.
    pub body: Option<String>,
    /// The `Audit-ID` header.
    pub audit_id: Option<String>,
    /// How long connecting, writing and reading may take together.
    pub timeout: Duration,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The API server answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// The body's beginning, at most some KiB.
        body: String,
    },
    /// It did not, and why in one line: refused, timed out, another certificate.
    Nobody(String),
}

impl Answer {
    /// Whether it is a 200.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Answer::Status { code: 200, .. })
    }
}
