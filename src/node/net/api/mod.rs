//! Requests to the API server of this node.

mod ask;
mod exchange;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;
mod tls;

pub use ask::{Answer, Ask, ClientIdentity, Endpoint};

use crate::node::Node;

impl Node {
    /// Sends a request to the API server of this node. `ask.timeout` limits connection, handshake, request and answer
    /// together. Every failure is [`Answer::Nobody`] with the reason.
    ///
    /// Redirects are not followed, and nothing is sent twice.
    #[must_use]
    pub fn ask(&self, ask: &Ask) -> Answer {
        exchange::send(self, ask).unwrap_or_else(Answer::Nobody)
    }
}
