//! Asks a receiver of audit events once, as the API server would: its name resolved, one connection, one request.

mod deliver;
mod delivery;
mod resolve;
mod verify;

pub use delivery::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls, Trust};

use crate::node::Node;
use std::net::SocketAddr;
use std::time::Duration;

impl Node {
    /// Delivers, once, and waits no longer than the delivery's timeout. A redirection is an answer like any other.
    #[must_use]
    pub fn deliver(&self, delivery: &Delivery) -> Delivered {
        deliver::deliver(delivery)
    }

    /// The addresses of a name, as this host's resolver gives them, within `timeout`.
    ///
    /// # Errors
    /// There are none, and why in one line.
    pub fn resolve(&self, host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
        resolve::resolve(host, port, timeout)
    }

    /// Whether a client certificate and a key, both PEM, are a pair.
    ///
    /// # Errors
    /// They are not, and why.
    pub fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), PairError> {
        verify::check_pair(certificate, key)
    }
}
