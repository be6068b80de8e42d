//! Counters, in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use super::Rejection;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one receiver. Two threads write them.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Events written.
    pub events: Counter,
    /// Events written as received because kaudit cannot parse them; included in `events`.
    pub unreadable: Counter,
    /// Request bodies written.
    pub batches: Counter,
    /// Request bodies that repeat one already written, and were not written again.
    pub repeated: Counter,
    /// Bytes written.
    pub bytes: Counter,
    /// Failed writes and syncs.
    pub write_failures: Counter,
    /// Rotations of the file.
    pub rotations: Counter,
    /// Connections accepted.
    pub connections: Counter,
    /// Connections open now.
    pub open: Counter,
    /// Failed TLS handshakes: no TLS, an untrusted certificate, or too slow.
    pub handshake_failures: Counter,
    /// Rejected requests, in the order of [`Rejection::ALL`].
    rejected: [Counter; Rejection::ALL.len()],
}

/// A counter that can be shared between threads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `count`.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Subtracts one from a gauge.
    pub fn subtract_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The current value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// Counts a body that was written.
    pub fn add_batch(&self, events: usize, unreadable: usize, bytes: usize) {
        self.batches.add(1);
        self.events.add(events as u64);
        self.unreadable.add(unreadable as u64);
        self.bytes.add(bytes as u64);
    }

    /// Counts a rejected request.
    pub fn reject(&self, rejection: Rejection) {
        if let Some(counter) = self.rejected.get(rejection.index()) {
            counter.add(1);
        }
    }

    /// Rejected requests of all kinds.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.iter().map(Counter::get).sum()
    }

    /// Renders all counters.
    #[must_use]
    pub fn render(&self) -> String {
        let plain = [
            ("events_total", "counter", "Events written.", &self.events),
            (
                "unreadable_events_total",
                "counter",
                "Events that kaudit cannot parse, written as received.",
                &self.unreadable,
            ),
            ("batches_total", "counter", "Request bodies written.", &self.batches),
            (
                "repeated_batches_total",
                "counter",
                "Request bodies that repeat one already written.",
                &self.repeated,
            ),
            ("written_bytes_total", "counter", "Bytes written.", &self.bytes),
            ("write_failures_total", "counter", "Failed writes and syncs.", &self.write_failures),
            ("rotations_total", "counter", "Rotations of the event file.", &self.rotations),
            ("connections_total", "counter", "Connections accepted.", &self.connections),
            ("connections_open", "gauge", "Open connections.", &self.open),
            ("handshake_failures_total", "counter", "Failed TLS handshakes.", &self.handshake_failures),
        ];
        let mut text = String::new();
        for (name, kind, help, counter) in plain {
            describe(name, kind, help, &mut text);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "kaudit_receive_{name} {}", counter.get());
        }
        describe("rejected_total", "counter", "Rejected requests.", &mut text);
        for (rejection, counter) in Rejection::ALL.iter().zip(&self.rejected) {
            let _ = writeln!(
                text,
                "kaudit_receive_rejected_total{{reason=\"{}\"}} {}",
                rejection.name(),
                counter.get()
            );
        }
        text
    }
}

fn describe(name: &str, kind: &str, help: &str, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP kaudit_receive_{name} {help}\n# TYPE kaudit_receive_{name} {kind}");
}
