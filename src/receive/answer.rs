//! The answer to a request that is rejected.

use std::fmt;

/// Why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The client presented no certificate, and one is required.
    NoCertificate,
    /// The token is missing or wrong.
    WrongToken,
    /// The method is not POST.
    Method,
    /// A GET of a path that does not exist.
    NotFound,
    /// The body is compressed.
    Encoded,
    /// The body is longer than allowed.
    TooLarge,
    /// The body did not arrive in time.
    Slow,
    /// The connection ended within the body, or its chunks are invalid.
    Cut,
    /// Too many bytes of other requests are in progress.
    Busy,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not an `EventList` of a known version.
    NotEventList,
    /// An item cannot be an event: the index of the first such item.
    NotEvent(usize),
    /// The events could not be written.
    NotWritten,
}

impl Rejection {
    /// All variants, for the counters.
    pub const ALL: [Rejection; 13] = [
        Rejection::NoCertificate,
        Rejection::WrongToken,
        Rejection::Method,
        Rejection::NotFound,
        Rejection::Encoded,
        Rejection::TooLarge,
        Rejection::Slow,
        Rejection::Cut,
        Rejection::Busy,
        Rejection::NotJson,
        Rejection::NotEventList,
        Rejection::NotEvent(0),
        Rejection::NotWritten,
    ];

    /// The HTTP status (RFC 9110, 15).
    #[must_use]
    pub fn status(self) -> u16 {
        self.description().0
    }

    /// The name in the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.description().1
    }

    /// Status, name and text.
    fn description(self) -> (u16, &'static str, &'static str) {
        match self {
            Rejection::NoCertificate => (401, "no_certificate", "a client certificate is required"),
            Rejection::WrongToken => (401, "wrong_token", "a valid bearer token is required"),
            Rejection::Method => (405, "method", "events are sent with POST"),
            Rejection::NotFound => (
                404,
                "not_found",
                "not found: GET serves /healthz and /metrics only; send events with POST, to any path",
            ),
            Rejection::Encoded => (415, "encoded", "the body must not be compressed"),
            Rejection::TooLarge => (413, "too_large", "the body is longer than --max-body allows"),
            Rejection::Slow => (408, "slow", "the body did not arrive in time"),
            Rejection::Cut => (400, "cut", "the body ended early"),
            Rejection::Busy => (503, "busy", "too many requests are in progress; try again"),
            Rejection::NotJson => (400, "not_json", "the body is not JSON"),
            Rejection::NotEventList => (
                422,
                "not_event_list",
                "the body is not an EventList of audit.k8s.io/v1, v1beta1 or v1alpha1",
            ),
            Rejection::NotEvent(_) => (
                422,
                "not_event",
                "is not an audit event: an event has an auditID, a level, a stage, and no other kind",
            ),
            Rejection::NotWritten => (503, "not_written", "the events could not be written; try again"),
        }
    }

    /// The index in [`Rejection::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        Rejection::ALL.iter().position(|rejection| rejection.name() == self.name()).unwrap_or_default()
    }

    /// Whether the client is not authenticated: its connection is closed.
    #[must_use]
    pub fn is_unauthenticated(self) -> bool {
        matches!(self, Rejection::NoCertificate | Rejection::WrongToken)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Rejection::NotEvent(index) = self {
            write!(f, "items[{index}] ")?;
        }
        f.write_str(self.description().2)
    }
}
