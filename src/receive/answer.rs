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
        match self {
            Rejection::NoCertificate | Rejection::WrongToken => 401,
            Rejection::Method => 405,
            Rejection::NotFound => 404,
            Rejection::Encoded => 415,
            Rejection::TooLarge => 413,
            Rejection::Slow => 408,
            Rejection::Cut | Rejection::NotJson => 400,
            Rejection::NotEventList | Rejection::NotEvent(_) => 422,
            Rejection::Busy | Rejection::NotWritten => 503,
        }
    }

    /// The name in the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rejection::NoCertificate => "no_certificate",
            Rejection::WrongToken => "wrong_token",
            Rejection::Method => "method",
            Rejection::NotFound => "not_found",
            Rejection::Encoded => "encoded",
            Rejection::TooLarge => "too_large",
            Rejection::Slow => "slow",
            Rejection::Cut => "cut",
            Rejection::Busy => "busy",
            Rejection::NotJson => "not_json",
            Rejection::NotEventList => "not_event_list",
            Rejection::NotEvent(_) => "not_event",
            Rejection::NotWritten => "not_written",
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
        f.write_str(match self {
            Rejection::NoCertificate => "a client certificate is required",
            Rejection::WrongToken => "a valid bearer token is required",
            Rejection::Method => "events are sent with POST",
            Rejection::NotFound => "not found: GET serves /healthz and /metrics only; send events with POST, to any path",
            Rejection::Encoded => "the body must not be compressed",
            Rejection::TooLarge => "the body is longer than --max-body allows",
            Rejection::Slow => "the body did not arrive in time",
            Rejection::Cut => "the body ended early",
            Rejection::Busy => "too many requests are in progress; try again",
            Rejection::NotJson => "the body is not JSON",
            Rejection::NotEventList => "the body is not an EventList of audit.k8s.io/v1, v1beta1 or v1alpha1",
            Rejection::NotEvent(index) => {
                return write!(
                    f,
                    "items[{index}] is not an audit event: an event has an auditID, a level, a stage, and no other kind"
                );
            }
            Rejection::NotWritten => "the events could not be written; try again",
        })
    }
}
