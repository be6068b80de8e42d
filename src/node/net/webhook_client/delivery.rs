//! A request to a webhook receiver, and its result.

use std::net::SocketAddr;
use std::time::Duration;

/// One request to a receiver.
#[derive(Clone)]
pub struct Delivery {
    /// The addresses of the receiver; the first one that accepts the connection is used.
    pub addresses: Vec<SocketAddr>,
    /// TLS; `None`: plain HTTP.
    pub tls: Option<ReceiverTls>,
    /// The `Host` header.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// The `Authorization` header, which is secret. With `tls`, it is sent only after the receiver is verified.
    pub authorization: Option<String>,
    /// A JSON body.
    pub body: String,
    /// The time limit for connecting, handshake, request and answer together.
    pub timeout: Duration,
}

/// TLS verification of the receiver, and the API server's client certificate.
#[derive(Clone)]
pub struct ReceiverTls {
    /// The name or address that the certificate must have.
    pub name: String,
    /// The trusted certificate authorities (DER).
    pub authorities: Vec<Vec<u8>>,
    /// Whether any certificate is accepted.
    pub is_insecure: bool,
    /// Client certificate and key, PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// The result of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The address of the connection.
    pub address: Option<SocketAddr>,
    /// What the receiver presented in the TLS handshake.
    pub presented: Option<Presented>,
    /// The result.
    pub end: DeliveryEnd,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The receiver answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// The `Location` header.
        location: Option<String>,
        /// The start of the body if it is plain; empty if it contains the credentials that were sent.
        body: String,
    },
    /// No address accepted the connection; the reason.
    NotConnected(String),
    /// The TLS handshake failed; the reason.
    NoTls(String),
    /// The receiver presented an untrusted certificate; nothing was sent.
    Distrusted,
    /// The receiver closed the connection because of the client certificate or its absence.
    ClientRefused(String),
    /// The receiver accepted the connection and did not answer; the reason.
    Silent(String),
}

/// What a receiver presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The certificates (DER), starting with the receiver's own.
    pub chain: Vec<Vec<u8>>,
    /// Whether the chain is trusted.
    pub trust: Trust,
    /// Whether the first certificate is valid for the name.
    pub fits_name: bool,
}

/// Whether a chain leads to a trusted authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// It does.
    Sound,
    /// The issuer is not one of the authorities.
    UnknownIssuer,
    /// The chain is invalid; the reason.
    Unsound(String),
    /// The result in Go may differ: its TLS supports more algorithms.
    Unverified(String),
}

/// Why a client certificate and a key cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairError {
    /// The key does not match the certificate.
    Mismatch,
    /// The key cannot be read.
    NoKey(String),
    /// The result in Go may differ: its TLS supports more algorithms.
    Unverified(String),
}
