//! How an audit log is proven.

use crate::node::Ask;
use std::path::PathBuf;
use std::time::Duration;

/// How an audit log is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Audit logging is off.
    Off,
    /// It cannot be proven, and why.
    Silent(String),
    /// By a request that the policy logs.
    Event {
        /// Requests to try, the best first; the `Audit-ID` is to be added.
        asks: Vec<Ask>,
        /// The log on the host.
        log: PathBuf,
        /// How long an event may take to its file.
        patience: Duration,
    },
    /// By a request that the policy logs, whose event only the webhook's receiver gets.
    Elsewhere {
        /// As above.
        asks: Vec<Ask>,
        /// How long an event may take to the receiver.
        patience: Duration,
    },
}
