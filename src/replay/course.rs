//! At which stages requests were logged, and from that how many requests there were, and what the stages that the log
//! lacks would take.
//!
//! The API server writes an event when a request has arrived, one when a long answer begins, and one when all is over
//! (`apiserver/pkg/endpoints/filters/audit.go`). A log that omits a stage shows it by its numbers: of so many requests
//! that ended, only so many had arrived. What is missing is estimated by the events that are there.

use crate::event::Amount;
use crate::event::{Asked, Event};
use crate::policy::{Decision, Level, Stage};
use crate::replay::fate::{member, name_bytes};
use std::ops::AddAssign;

/// The events of some requests by their stages. Sizes are without the name of the level, which the policy decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    short: Stages,
    long: Stages,
    /// Requests that nobody could be authenticated for. All that is ever logged of one is that the answer to it starts
    /// (`apiserver/pkg/endpoints/filters/authn_audit.go`).
    unauthenticated: u64,
}

/// The same of requests that are all long-running, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stages {
    received: u64,
    started: u64,
    /// `ResponseComplete` and `Panic`.
    ended: u64,
    /// What the `RequestReceived` events would take of the requests that started.
    received_by_started: u64,
    /// The same of those that ended.
    received_by_ended: u64,
    /// What the `ResponseStarted` events would take of the requests that ended.
    started_by_ended: u64,
}

impl Course {
    /// Of one event that takes `bytes`.
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

    /// How many requests these events are of.
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

    /// How many requests have no event of their end, and would have one under `decision`: that they had not ended yet
    /// cannot be told from a stage that the log omits.
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

/// There are `seen` events of a stage, and there should be `requests`, which would take `bytes` and the level's name each.
fn extrapolate(seen: u64, requests: u64, bytes: u64, level: u64) -> Amount {
    let events = requests.saturating_sub(seen);
    let share = u128::from(bytes) * u128::from(events) / u128::from(requests.max(1));
    Amount { events, bytes: u64::try_from(share).unwrap_or(u64::MAX) + events * level }
}

/// When a request arrives there is neither an answer nor a body yet, nobody is impersonated, and hardly anything is
/// annotated.
fn size_when_received(event: &Event<'_>, bytes: u64) -> u64 {
    let later = member("responseStatus", event.response_status)
        + member("impersonatedUser", event.impersonated_user)
        + member("annotations", event.annotations);
    size_at(Stage::RequestReceived, event, bytes, later)
}

/// What the same request's event would take at another stage: no bodies, and `less` for other members.
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
