//! Statistics about a log that do not depend on a policy.

use crate::event::Amount;
use crate::event::bodies::may_have_managed_fields;
use crate::event::{Event, Malformed, Moment, lacks_groups};
use crate::policy::{Level, Stage};
use memchr::memmem;

/// The maximum number of malformed lines whose position is kept.
const PLACES: usize = 5;

/// The sums over a log that do not depend on a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSums {
    /// All lines, including blank lines and lines without an event.
    pub lines: u64,
    /// All events.
    pub events: Amount,
    /// Events by their level: `Metadata`, `Request`, `RequestResponse`.
    pub levels: [Amount; 3],
    /// Events by their stage, in the order of [`Stage::ALL`].
    pub stages: [Amount; 4],
    /// The times of the first and of the last event.
    pub span: Option<(Moment, Moment)>,
    /// Events without a time.
    pub undated: u64,
    /// Events of a user without groups. The API server gives every user groups.
    pub without_groups: u64,
    /// Events whose bodies were removed by `--audit-log-truncate-enabled`.
    pub truncated: u64,
    /// Events with a body.
    pub with_body: u64,
    /// Of these, events whose bodies seem to contain `managedFields`.
    pub with_managed_fields: u64,
    /// Lines, or items of lists, that are not an event.
    pub malformed: u64,
    /// The first of them: line number from 0, and reason.
    pub malformed_at: Vec<(u64, Malformed)>,
}

impl LogSums {
    /// Adds an event.
    pub(super) fn count(&mut self, event: &Event<'_>, bytes: u64, written: Option<Moment>) {
        let amount = Amount::one(bytes);
        self.events += amount;
        if let Some(level) = self.levels.get_mut(level_index(event.level)) {
            *level += amount;
        }
        let stage = Stage::ALL.iter().position(|stage| *stage == event.stage);
        if let Some(stage) = stage.and_then(|index| self.stages.get_mut(index)) {
            *stage += amount;
        }
        match written {
            Some(moment) => self.widen((moment, moment)),
            None => self.undated += 1,
        }
        self.without_groups += u64::from(lacks_groups(event));
        if event.request_object.is_some() || event.response_object.is_some() {
            self.with_body += 1;
            self.with_managed_fields += u64::from(may_have_managed_fields(event));
        } else if event.level >= Level::Request && is_truncated(event) {
            self.truncated += 1;
        }
    }

    /// Adds a line, or an item of its list, that is not an event.
    pub(super) fn refuse(&mut self, line: u64, why: Malformed) {
        self.malformed += 1;
        if self.malformed_at.len() < PLACES {
            self.malformed_at.push((line, why));
        }
    }

    /// Adds the sums of the next part of the log.
    pub fn absorb(&mut self, later: &Self) {
        let places = later.malformed_at.iter().map(|(line, why)| (line + self.lines, *why));
        self.malformed_at.extend(places.take(PLACES.saturating_sub(self.malformed_at.len())));
        self.lines += later.lines;
        self.events += later.events;
        let mine = self.levels.iter_mut().chain(&mut self.stages);
        for (amount, more) in mine.zip(later.levels.iter().chain(&later.stages)) {
            *amount += *more;
        }
        if let Some(span) = later.span {
            self.widen(span);
        }
        self.undated += later.undated;
        self.without_groups += later.without_groups;
        self.truncated += later.truncated;
        self.with_body += later.with_body;
        self.with_managed_fields += later.with_managed_fields;
        self.malformed += later.malformed;
    }

    /// Extends the span. The lines of a log are not strictly in the order of their times.
    fn widen(&mut self, (first, last): (Moment, Moment)) {
        self.span = Some(match self.span {
            Some((from, to)) => (from.min(first), to.max(last)),
            None => (first, last),
        });
    }
}

/// The index of a level in [`LogSums::levels`].
fn level_index(level: Level) -> usize {
    match level {
        Level::None | Level::Metadata => 0,
        Level::Request => 1,
        Level::RequestResponse => 2,
    }
}

/// Whether the bodies were removed (`apiserver/plugin/pkg/audit/truncate`, `annotationKey`).
fn is_truncated(event: &Event<'_>) -> bool {
    let is_marked = |json: &str| memmem::find(json.as_bytes(), b"\"audit.k8s.io/truncated\"").is_some();
    event.annotations.is_some_and(|annotations| is_marked(annotations.get()))
}
