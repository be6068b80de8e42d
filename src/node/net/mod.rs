//! The network: requests to this node's API server and to a webhook receiver, and who listens on a port.

pub(in crate::node) mod api;
pub(in crate::node) mod connect;
pub(in crate::node) mod deadline;
pub(in crate::node) mod http;
pub(in crate::node) mod sockets;
pub(crate) mod tls;
pub(in crate::node) mod webhook_client;

#[cfg(test)]
pub(crate) use api::test_server;
pub use api::{Answer, Ask, ClientIdentity, Endpoint};
pub use sockets::Listening;
pub use webhook_client::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls, Trust};
