//! The section of the JSON object of `receive`.

use crate::receive::server::Received;
use crate::report::Section;
use serde::Serialize;

/// What was received.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ReceivedView {
    /// Events that were written.
    events: u64,
    /// Written events that kaudit cannot read.
    unreadable: u64,
    /// Batches that were written.
    batches: u64,
    /// Batches that were sent again and not written again.
    repeated_batches: u64,
    /// Bytes that were written.
    bytes: u64,
    /// Requests that were refused.
    rejected: u64,
    /// Writes and syncs that failed.
    write_failures: u64,
    /// How often the file was rotated.
    rotations: u64,
    /// Connections that were accepted.
    connections: u64,
    /// TLS handshakes that failed.
    handshake_failures: u64,
    /// Connections that were closed at the end before their request was complete.
    cut: usize,
}

impl Section for ReceivedView {
    const KEY: &'static str = "received";
}

impl From<&Received> for ReceivedView {
    fn from(received: &Received) -> Self {
        let metrics = &received.metrics;
        Self {
            events: metrics.events.get(),
            unreadable: metrics.unreadable.get(),
            batches: metrics.batches.get(),
            repeated_batches: metrics.repeated.get(),
            bytes: metrics.bytes.get(),
            rejected: metrics.rejected(),
            write_failures: metrics.write_failures.get(),
            rotations: metrics.rotations.get(),
            connections: metrics.connections.get(),
            handshake_failures: metrics.handshake_failures.get(),
            cut: received.cut,
        }
    }
}
