//! What is counted, and as Prometheus reads it
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use super::Rejection;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one receiver; two threads write them.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Events that were written.
    pub events: Counter,
    /// Of them those that kaudit cannot read: they are written as they came.
    pub unreadable: Counter,
    /// Bodies that were written.
    pub batches: Counter,
    /// Bodies that had been written before, and were not again.
    pub repeated: Counter,
    /// Bytes that were written.
    pub bytes: Counter,
    /// Writes and syncs that failed.
    pub write_failures: Counter,
    /// Rotations of the file.
    pub rotations: Counter,
    /// Connections that were accepted.
    pub connections: Counter,
    /// Of them those that are open.
    pub open: Counter,
    /// TLS handshakes that came to nothing: no TLS, a certificate of a stranger, too slow.
    pub handshake_failures: Counter,
    /// Requests that were refused, in the order of [`Rejection::ALL`].
    rejected: [Counter; Rejection::ALL.len()],
}

/// A number that only its own operations change.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Takes one away, of what is counted up and down.
    pub fn subtract_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// Counts a body that was written, with its events, those of them that are not understood, and its bytes.
    pub fn add_batch(&self, events: usize, unreadable: usize, bytes: usize) {
        self.batches.add(1);
        self.events.add(events as u64);
        self.unreadable.add(unreadable as u64);
        self.bytes.add(bytes as u64);
    }

    /// Counts a refused request.
    pub fn reject(&self, rejection: Rejection) {
        if let Some(counter) = self.rejected.get(rejection.index()) {
            counter.add(1);
        }
    }

    /// Requests that were refused, of all kinds.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.iter().map(Counter::get).sum()
    }

    /// The text.
    #[must_use]
    pub fn render(&self) -> String {
        let plain = [
            ("events_total", "counter", "Events that were written.", &self.events),
            (
                "unreadable_events_total",
                "counter",
                "Events that kaudit cannot read, written as they came.",
                &self.unreadable,
            ),
            ("batches_total", "counter", "Bodies that were written.", &self.batches),
            ("repeated_batches_total", "counter", "Bodies that had been written before.", &self.repeated),
            ("written_bytes_total", "counter", "Bytes that were written.", &self.bytes),
            ("write_failures_total", "counter", "Writes and syncs that failed.", &self.write_failures),
            ("rotations_total", "counter", "Rotations of the file.", &self.rotations),
            ("connections_total", "counter", "Connections that were accepted.", &self.connections),
            ("connections_open", "gauge", "Connections that are open.", &self.open),
            ("handshake_failures_total", "counter", "TLS handshakes that failed.", &self.handshake_failures),
        ];
        let mut text = String::new();
        for (name, kind, help, counter) in plain {
            describe(name, kind, help, &mut text);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "kaudit_receive_{name} {}", counter.get());
        }
        describe("rejected_total", "counter", "Requests that were refused.", &mut text);
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
