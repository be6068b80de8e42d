//! How to verify an audit log.

use crate::node::Ask;
use std::path::PathBuf;
use std::time::Duration;

/// How to verify an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Audit logging is off.
    Off,
    /// It cannot be verified, and why.
    Unverifiable(String),
    /// By a request that the policy logs.
    Event {
        /// Requests to try, the best first; the `Audit-ID` is to be added.
        asks: Vec<Ask>,
        /// The log on the host.
        log: PathBuf,
        /// How long an event may take to its file.
        patience: Duration,
    },
    /// By a request that the policy logs; only the webhook's receiver gets the event.
    WebhookOnly {
        /// As above.
        asks: Vec<Ask>,
        /// How long an event may take to the receiver.
        patience: Duration,
    },
}
