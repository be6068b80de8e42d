//! What a request that is not taken is answered.

use std::fmt;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The client has shown no certificate, and one is asked for.
    NoCertificate,
    /// No token, or another one.
    WrongToken,
    /// Another method than POST.
    Method,
    /// A GET of something that is not there.
    NotFound,
    /// The body is compressed.
    Encoded,
    /// The body is longer than is allowed.
    TooLarge,
    /// The body did not come in time.
    Slow,
    /// The connection ended within the body, or its chunks make no sense.
    Cut,
    /// Too many bytes of other requests are under way.
    Busy,
    /// The body is no JSON.
    NotJson,
    /// It is JSON, and no `EventList` of a version that is known.
    NotEventList,
    /// An item cannot be an event: the first that cannot, from 0.
    NotEvent(usize),
    /// The events could not be written.
    NotWritten,
}

impl Rejection {
    /// All, for the counters.
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

    /// The status of the answer (RFC 9110, 15).
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

    /// The name among the counters.
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

    /// Its place in [`Rejection::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        Rejection::ALL.iter().position(|rejection| rejection.name() == self.name()).unwrap_or_default()
    }

    /// Whether the client is a stranger: its connection is not kept.
    #[must_use]
    pub fn is_of_stranger(self) -> bool {
        matches!(self, Rejection::NoCertificate | Rejection::WrongToken)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejection::NoCertificate => "a client certificate is needed",
            Rejection::WrongToken => "the right bearer token is needed",
            Rejection::Method => "events are posted",
            Rejection::NotFound => "there are /healthz and /metrics; events are posted, to any path",
            Rejection::Encoded => "the body must not be encoded",
            Rejection::TooLarge => "the body is longer than --max-body allows",
            Rejection::Slow => "the body did not come in time",
            Rejection::Cut => "the body ended early",
            Rejection::Busy => "too many events are under way; try again",
            Rejection::NotJson => "the body is no JSON",
            Rejection::NotEventList => "the body is no EventList of audit.k8s.io/v1, v1beta1 or v1alpha1",
            Rejection::NotEvent(index) => {
                return write!(
                    f,
                    "items[{index}] is no audit event: each has an auditID, a level and a stage, and no other type"
                );
            }
            Rejection::NotWritten => "the events could not be written; try again",
        })
    }
}
