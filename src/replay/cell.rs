//! Sums over events: those of one day that one rule decides, or all.

use crate::event::Amount;
use crate::event::{Asked, Event};
use crate::policy::Decision;
use crate::replay::course::Course;
use crate::replay::fate::Fate;
use std::ops::AddAssign;

/// What was logged, and what a policy would log of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// In the log.
    pub today: Amount,
    /// Of these, what the policy logs too; if the bodies of an event are not known, its size without them.
    pub logged: Amount,
    /// What it does not log because the level is `None`.
    pub omitted_by_level: Amount,
    /// What it does not log because the stage is omitted.
    pub omitted_by_stage: Amount,
    /// Events that would have a request body if the request had one.
    pub unknown_requests: u64,
    /// Events that would have a response body if the response had one.
    pub unknown_responses: u64,
    /// Events in either of these groups.
    pub unknown: u64,
    /// The stages of the requests.
    pub course: Course,
}

impl Cell {
    /// The sums of one event that takes `bytes` in the log.
    #[must_use]
    pub fn of(event: &Event<'_>, asked: &Asked<'_>, bytes: u64, fate: Fate) -> Self {
        let mut cell =
            Self { today: Amount::one(bytes), course: Course::of(event, asked, bytes), ..Self::default() };
        match fate {
            Fate::OmittedByLevel => cell.omitted_by_level = cell.today,
            Fate::OmittedByStage => cell.omitted_by_stage = cell.today,
            Fate::Logged { bytes, unknown } => {
                cell.logged = Amount::one(bytes);
                cell.unknown_requests = u64::from(unknown.request);
                cell.unknown_responses = u64::from(unknown.response);
                cell.unknown = u64::from(unknown.request || unknown.response);
            }
        }
        cell
    }

    /// The bytes that the policy saves in the events that it logs; `None` if it adds bytes, because the name of a level
    /// is longer.
    #[must_use]
    pub fn saved_in_bodies(&self) -> Option<u64> {
        let omitted = self.omitted_by_level.bytes + self.omitted_by_stage.bytes;
        self.today.bytes.checked_sub(omitted)?.checked_sub(self.logged.bytes)
    }

    /// The result if `decision` applies to all of these events.
    #[must_use]
    pub fn outcome(&self, decision: &Decision) -> Outcome {
        Outcome {
            sums: *self,
            requests: self.course.requests(),
            estimated: self.course.missing(decision),
            without_end: self.course.without_end(decision),
        }
    }
}

impl AddAssign for Cell {
    fn add_assign(&mut self, more: Self) {
        self.today += more.today;
        self.logged += more.logged;
        self.omitted_by_level += more.omitted_by_level;
        self.omitted_by_stage += more.omitted_by_stage;
        self.unknown_requests += more.unknown_requests;
        self.unknown_responses += more.unknown_responses;
        self.unknown += more.unknown;
        self.course += more.course;
    }
}

/// A sum for output: of cells, each with its own decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The sums of the cells.
    pub sums: Cell,
    /// The number of requests that the events belong to.
    pub requests: u64,
    /// The estimate for events of stages that the log omits and the policy does not.
    pub estimated: Amount,
    /// Requests whose last event the policy would log and the log does not contain.
    pub without_end: u64,
}

impl Outcome {
    /// What the policy logs, the estimate included.
    #[must_use]
    pub fn cost(&self) -> Amount {
        let mut cost = self.sums.logged;
        cost += self.estimated;
        cost
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, more: Self) {
        self.sums += more.sums;
        self.requests += more.requests;
        self.estimated += more.estimated;
        self.without_end += more.without_end;
    }
}
