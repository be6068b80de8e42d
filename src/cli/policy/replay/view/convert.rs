//! What was counted, as the section of the JSON object.

use super::{
    AmountView, DamagedView, DayView, FileView, LogView, LoggedView, MalformedView, OutcomeView, PolicyView,
    ReplayView, RuleView, TalkerView,
};
use crate::cli::policy::replay::shown::{Shown, Side};
use crate::event::Amount;
use crate::policy::{Level, Stage};
use crate::replay::{Logged, Outcome, Talker};
use std::collections::BTreeMap;

impl From<Amount> for AmountView {
    fn from(amount: Amount) -> Self {
        Self { events: amount.events, bytes: amount.bytes }
    }
}

impl From<&Outcome> for OutcomeView {
    fn from(outcome: &Outcome) -> Self {
        let sums = &outcome.sums;
        Self {
            requests: outcome.requests,
            today: sums.today.into(),
            logged: sums.logged.into(),
            estimated: outcome.estimated.into(),
            omitted_by_level: sums.omitted_by_level.into(),
            omitted_by_stage: sums.omitted_by_stage.into(),
            unknown_events: sums.unknown,
            unknown_request_bodies: sums.unknown_requests,
            unknown_response_bodies: sums.unknown_responses,
            requests_without_end: outcome.without_end,
        }
    }
}

impl<'a> ReplayView<'a> {
    pub(in crate::cli::policy::replay) fn of(shown: &'a Shown<'_>) -> Self {
        let views = |talkers: Vec<Talker>| -> Vec<TalkerView> {
            talkers.into_iter().map(|talker| TalkerView::of(talker, shown.sides.len())).collect()
        };
        Self {
            log: LogView::of(shown),
            policies: shown.sides.iter().map(|side| PolicyView::of(shown, side)).collect(),
            talkers: views(shown.talkers()),
            left_out: views(shown.left_out()),
            talkers_lack_bytes: shown.read.tally.talkers.lacking(),
        }
    }
}

impl<'a> LogView<'a> {
    fn of(shown: &'a Shown<'_>) -> Self {
        let sums = &shown.read.tally.log;
        let files = shown.read.logs.iter().map(|(name, sums)| FileView {
            file: name,
            lines: sums.lines,
            events: sums.events.events,
            bytes: sums.events.bytes,
        });
        let levels = Level::ALL.into_iter().filter(|level| *level != Level::None);
        Self {
            files: files.collect(),
            lines: sums.lines,
            events: sums.events.events,
            bytes: sums.events.bytes,
            bytes_per_day: shown.a_day(sums.events.bytes),
            first: shown.span().map(|(first, _)| first.to_string()),
            last: shown.span().map(|(_, last)| last.to_string()),
            levels: named(levels.map(Level::name), &sums.levels),
            stages: named(Stage::ALL.into_iter().map(Stage::name), &sums.stages),
            undated: sums.undated,
            without_groups: sums.without_groups,
            truncated: sums.truncated,
            with_body: sums.with_body,
            with_managed_fields: sums.with_managed_fields,
            malformed: sums.malformed,
            first_malformed: shown
                .malformed()
                .map(|(file, line, why)| MalformedView { file, line, why: why.to_string() })
                .collect(),
            damaged: shown.read.damaged.iter().map(|(file, why)| DamagedView { file, why }).collect(),
            repeated: &shown.read.repeated,
        }
    }
}

fn named(
    names: impl Iterator<Item = &'static str>,
    amounts: &[Amount],
) -> BTreeMap<&'static str, AmountView> {
    names.zip(amounts).map(|(name, amount)| (name, AmountView::from(*amount))).collect()
}

impl<'a> PolicyView<'a> {
    fn of(shown: &Shown<'_>, side: &'a Side<'_>) -> Self {
        let days = side.replayed.days.iter();
        let rules = side.outcomes().map(|(rule, (level, outcome))| RuleView {
            rule,
            line: rule.and_then(|rule| side.line(rule)),
            level,
            outcome: outcome.into(),
        });
        Self {
            policy: side.name,
            bytes_per_day: shown.a_day(side.replayed.total.cost().bytes),
            days: days
                .map(|(day, outcome)| DayView {
                    day: day.map(|day| day.to_string()),
                    outcome: outcome.into(),
                })
                .collect(),
            rules: rules.collect(),
            total: (&side.replayed.total).into(),
        }
    }
}

impl TalkerView {
    fn of(talker: Talker, policies: usize) -> Self {
        let logged = |Logged { amount, is_least }: &Logged| LoggedView {
            events: amount.events,
            bytes: amount.bytes,
            is_least: *is_least,
        };
        Self {
            user: talker.user,
            verb: talker.verb,
            what: talker.what,
            today: talker.share.today.into(),
            logged: talker.share.logged.iter().take(policies).map(logged).collect(),
        }
    }
}
