//! The stages at which requests were logged. The number of requests, and the size of the stages that the log omits, are
//! derived from them.
//!
//! The API server writes an event when a request arrives, when the response to a long-running request starts, and when
//! the response is complete (`apiserver/pkg/endpoints/filters/audit.go`). If a log omits a stage, it has fewer events
//! of that stage than requests. The size of the missing events is estimated from those that exist.

use crate::event::Amount;
use crate::event::{Asked, Event};
use crate::policy::{Decision, Level, Stage};
use crate::replay::fate::{member, name_bytes};
use std::ops::AddAssign;

/// The events of some requests by stage. Sizes are without the name of the level, because that depends on the policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    short: Stages,
    long: Stages,
    /// Unauthenticated requests. Only the event for the start of the response is ever logged for them
    /// (`apiserver/pkg/endpoints/filters/authn_audit.go`).
    unauthenticated: u64,
}

/// The same for requests that are either all long-running or all not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stages {
    received: u64,
    started: u64,
    /// `ResponseComplete` and `Panic`.
    ended: u64,
    /// The estimated size of the `RequestReceived` events of the requests that started.
    received_by_started: u64,
    /// The same for the requests that ended.
    received_by_ended: u64,
    /// The estimated size of the `ResponseStarted` events of the requests that ended.
    started_by_ended: u64,
}

impl Course {
    /// The counts of one event that takes `bytes`.
    #[must_use]
    pub fn of(event: &Event<'_>, asked: &Asked<'_>, bytes: u64) -> Self {
        let mut course = Self::default();
        let is_long_running = asked.is_long_running();
        if event.stage == Stage::ResponseStarted && (!is_long_running || asked.request().user.is_none()) {
            course.unauthenticated = 1;
            return course;
        }
        let stages = if is_long_running { &mut course.long } else { &mut course.short };
        match event.stage {
            Stage::RequestReceived => stages.received = 1,
            Stage::ResponseStarted => {
                stages.started = 1;
                stages.received_by_started = size_when_received(event, bytes);
            }
            Stage::ResponseComplete | Stage::Panic => {
                stages.ended = 1;
                stages.received_by_ended = size_when_received(event, bytes);
                stages.started_by_ended = size_at(Stage::ResponseStarted, event, bytes, 0);
            }
        }
        course
    }

    /// The number of requests that these events belong to.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let most = |stages: &Stages| stages.received.max(stages.started).max(stages.ended);
        most(&self.short) + most(&self.long) + self.unauthenticated
    }

    /// What `decision` would log of these requests at stages that the log omits.
    #[must_use]
    pub fn missing(&self, decision: &Decision) -> Amount {
        let mut missing = Amount::default();
        if decision.level == Level::None {
            return missing;
        }
        let level = name_bytes(decision.level);
        if !decision.omit_stages.contains(Stage::RequestReceived) {
            let Stages { received, ended, received_by_ended, .. } = self.short;
            missing += extrapolate(received, ended, received_by_ended, level);
            let Stages { received, started, received_by_started, .. } = self.long;
            missing += if started >= self.long.ended {
                extrapolate(received, started, received_by_started, level)
            } else {
                extrapolate(received, self.long.ended, self.long.received_by_ended, level)
            };
        }
        if !decision.omit_stages.contains(Stage::ResponseStarted) {
            let Stages { started, ended, started_by_ended, .. } = self.long;
            missing += extrapolate(started, ended, started_by_ended, level);
        }
        missing
    }

    /// The number of requests that have no event for their end and would have one under `decision`. A request that had
    /// not ended yet looks the same as one whose last stage is omitted.
    #[must_use]
    pub fn without_end(&self, decision: &Decision) -> u64 {
        let logs = |stage| !decision.omit_stages.contains(stage);
        if decision.level == Level::None || !(logs(Stage::ResponseComplete) || logs(Stage::Panic)) {
            return 0;
        }
        let begun = |stages: &Stages| stages.received.max(stages.started).saturating_sub(stages.ended);
        begun(&self.short) + begun(&self.long)
    }
}

/// The estimate for a stage with `seen` events if there should be `requests`, of `bytes` in total plus the level's name
/// each.
fn extrapolate(seen: u64, requests: u64, bytes: u64, level: u64) -> Amount {
    let events = requests.saturating_sub(seen);
    let share = u128::from(bytes) * u128::from(events) / u128::from(requests.max(1));
    Amount { events, bytes: u64::try_from(share).unwrap_or(u64::MAX) + events * level }
}

/// When a request arrives, there is no response and no body, nobody is impersonated, and there are hardly any
/// annotations.
fn size_when_received(event: &Event<'_>, bytes: u64) -> u64 {
    let later = member("responseStatus", event.response_status)
        + member("impersonatedUser", event.impersonated_user)
        + member("annotations", event.annotations);
    size_at(Stage::RequestReceived, event, bytes, later)
}

/// The size of the same request's event at another stage: no bodies, and `less` for other members.
fn size_at(stage: Stage, event: &Event<'_>, bytes: u64, less: u64) -> u64 {
    let bodies =
        member("requestObject", event.request_object) + member("responseObject", event.response_object);
    let name = |stage: Stage| stage.name().len() as u64;
    (bytes + name(stage)).saturating_sub(bodies + less + name(event.stage) + name_bytes(event.level))
}

impl AddAssign for Course {
    fn add_assign(&mut self, more: Self) {
        self.short += more.short;
        self.long += more.long;
        self.unauthenticated += more.unauthenticated;
    }
}

impl AddAssign for Stages {
    fn add_assign(&mut self, more: Self) {
        self.received += more.received;
        self.started += more.started;
        self.ended += more.ended;
        self.received_by_started += more.received_by_started;
        self.received_by_ended += more.received_by_ended;
        self.started_by_ended += more.started_by_ended;
    }
}
