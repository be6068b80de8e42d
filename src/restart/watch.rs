//! How long the API server was unavailable, as a client on this node sees it.

use crate::node::{Answer, Ask, Machine};
use std::time::Duration;

/// Requests `/readyz` at every look, and adds up the time without an answer: from the first failed request to the next
/// successful one.
#[derive(Debug)]
pub(super) struct Watch {
    readyz: Ask,
    down_since: Option<Duration>,
    total: Duration,
    /// When the listener was first found closed, since it was last seen open.
    closed_since: Option<Duration>,
}

/// What one look showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// The API server is ready.
    pub(super) is_ready: bool,
    /// For how long the port has been closed.
    pub(super) closed_for: Option<Duration>,
}

impl Watch {
    pub(super) fn new(readyz: Ask) -> Self {
        Self { readyz, down_since: None, total: Duration::ZERO, closed_since: None }
    }

    /// Requests the address of the planned manifest from now on.
    pub(super) fn turn_to(&mut self, readyz: Ask) {
        self.readyz = readyz;
    }

    pub(super) fn look(&mut self, machine: &mut dyn Machine) -> Look {
        let before = machine.clock();
        let answer = machine.ask(&self.readyz);
        let is_ready = is_serving(&answer);
        match (is_ready, self.down_since) {
            // Counted from the beginning of the request: a healthy server would have answered it.
            (false, None) => self.down_since = Some(before),
            (true, Some(since)) => {
                self.total += machine.clock().saturating_sub(since);
                self.down_since = None;
            }
            (false, Some(_)) | (true, None) => {}
        }
        match answer {
            Answer::Nobody(_) => self.closed_since = self.closed_since.or(Some(before)),
            Answer::Status { .. } => self.closed_since = None,
        }
        let closed_for = self.closed_since.map(|since| machine.clock().saturating_sub(since));
        Look { is_ready, closed_for }
    }

    /// The sum until now.
    pub(super) fn unavailable(&self, now: Duration) -> Duration {
        self.total + self.down_since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// Status 200; also 401 or 403 from a server that does not permit health requests, because it serves.
pub(super) fn is_serving(answer: &Answer) -> bool {
    matches!(answer, Answer::Status { code: 200 | 401 | 403, .. })
}
