//! Sends one request to a receiver of audit events as the API server would: resolve the name, connect, send.

mod deliver;
mod delivery;
mod resolve;
mod verify;

pub use delivery::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls, Trust};

use crate::node::Node;
use std::net::SocketAddr;
use std::time::Duration;

impl Node {
    /// Delivers once, within the timeout of the delivery. Redirects are not followed.
    #[must_use]
    pub fn deliver(&self, delivery: &Delivery) -> Delivered {
        deliver::deliver(delivery)
    }

    /// The addresses of a name, from the resolver of this host, within `timeout`.
    ///
    /// # Errors
    /// There are none; the reason in one line.
    pub fn resolve(&self, host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
        resolve::resolve(host, port, timeout)
    }

    /// Whether a client certificate and a key, both PEM, match.
    ///
    /// # Errors
    /// They do not match; the reason.
    pub fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), PairError> {
        verify::check_pair(certificate, key)
    }
}
