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
    /// Asks the API server of this node, and waits no longer than `ask.timeout` for connection, handshake, request and
    /// answer together. Whatever keeps an answer from coming is [`Answer::Nobody`] with the reason.
    ///
    /// A redirect is an answer like any other, and nothing is asked twice.
    #[must_use]
    pub fn ask(&self, ask: &Ask) -> Answer {
        exchange::exchange(self, ask).unwrap_or_else(Answer::Nobody)
    }
}
