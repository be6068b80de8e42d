//! A request to a webhook's receiver, and what comes of it.

use std::net::SocketAddr;
use std::time::Duration;

/// One request to a receiver.
#[derive(Clone)]
pub struct Delivery {
    /// Where it listens; the first address that takes the connection is spoken to.
    pub addresses: Vec<SocketAddr>,
    /// How it proves who it is; `None`: plain HTTP.
    pub tls: Option<ReceiverTls>,
    /// The `Host` header.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// The `Authorization` header; a secret. It is sent to nobody who has not proven who they are, where `tls` asks
    /// for it.
    pub authorization: Option<String>,
    /// A JSON body.
    pub body: String,
    /// How long connecting, handshake, request and answer may take together.
    pub timeout: Duration,
}

/// How a receiver proves who it is, and the API server who it is.
#[derive(Clone)]
pub struct ReceiverTls {
    /// The name or address that its certificate has to have.
    pub name: String,
    /// The certificates (DER) that it is believed from.
    pub authorities: Vec<Vec<u8>>,
    /// Any certificate will do.
    pub is_insecure: bool,
    /// Client certificate and key, PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The address that was spoken to.
    pub address: Option<SocketAddr>,
    /// What the receiver presented in the TLS handshake.
    pub presented: Option<Presented>,
    /// How it ended.
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
        /// The beginning of the body, where it is text; never what was sent as credentials.
        words: String,
    },
    /// No address took the connection, and why.
    NotConnected(String),
    /// There was no handshake, and why.
    NoTls(String),
    /// The receiver presented a certificate that is not to be believed: nothing was sent.
    Distrusted,
    /// The receiver ended the connection for the client certificate, or for the lack of one.
    ClientRefused(String),
    /// It took the connection and gave no answer, and why.
    Silent(String),
}

/// What a receiver presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Its certificates (DER), its own first.
    pub chain: Vec<Vec<u8>>,
    /// Whether they lead to an authority.
    pub trust: Trust,
    /// Whether the first one is for the name that is wanted.
    pub fits_name: bool,
}

/// Whether a chain leads to an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// It does.
    Sound,
    /// It leads to none of them.
    UnknownIssuer,
    /// It does not hold, and why.
    Unsound(String),
    /// Go may judge otherwise: its TLS knows more algorithms.
    Unjudged(String),
}

/// Why a client certificate and a key are no pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairError {
    /// The key is another one's.
    Mismatch,
    /// There is no key that can be read.
    NoKey(String),
    /// Go may judge otherwise: its TLS knows more algorithms.
    Unjudged(String),
}
