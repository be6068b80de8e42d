//! The section of the JSON object of `policy replay`.

use super::shown::{Shown, Side};
use crate::event::Amount;
use crate::policy::{Level, Stage};
use crate::replay::{Logged, Outcome, Talker};
use crate::report::Section;
use serde::Serialize;
use std::collections::BTreeMap;

/// `policy replay`: what the policies would have logged of the logs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ReplayView<'a> {
    /// What is in the logs.
    log: LogView<'a>,
    /// The policy, and the one that it is compared with.
    policies: Vec<PolicyView<'a>>,
    /// Which user, verb and resource takes the most bytes under the policy.
    talkers: Vec<TalkerView>,
    /// Of which user, verb and resource the policy leaves out the most bytes.
    left_out: Vec<TalkerView>,
    /// At most so many bytes may be missing in each of the two lists above.
    talkers_lack_bytes: u64,
}

impl Section for ReplayView<'_> {
    const KEY: &'static str = "replay";
}

/// What is in the logs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LogView<'a> {
    files: Vec<FileView<'a>>,
    lines: u64,
    events: u64,
    bytes: u64,
    /// Bytes in 24 hours; null for logs of less than an hour.
    bytes_per_day: Option<u64>,
    /// When the first event was written.
    first: Option<String>,
    /// When the last event was written.
    last: Option<String>,
    /// The events by their level.
    levels: BTreeMap<&'static str, AmountView>,
    /// The events by their stage.
    stages: BTreeMap<&'static str, AmountView>,
    /// Events without a time.
    undated: u64,
    /// Events whose user has no groups.
    without_groups: u64,
    /// Events whose bodies the API server truncated.
    truncated: u64,
    /// Events with a body.
    with_body: u64,
    /// Events whose body has `managedFields`.
    with_managed_fields: u64,
    /// Lines, or items of lists, without an event.
    malformed: u64,
    /// The first of them.
    first_malformed: Vec<MalformedView<'a>>,
    /// Files that could not be read to their end.
    damaged: Vec<DamagedView<'a>>,
    /// Files that were named more than once.
    repeated: &'a [String],
}

/// What is in one file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct FileView<'a> {
    file: &'a str,
    lines: u64,
    events: u64,
    bytes: u64,
}

/// A line without an event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct MalformedView<'a> {
    file: &'a str,
    /// Line, from 1.
    line: u64,
    why: String,
}

/// A file that could not be read to its end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct DamagedView<'a> {
    file: &'a str,
    why: &'a str,
}

/// Events and their size.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct AmountView {
    events: u64,
    bytes: u64,
}

impl From<Amount> for AmountView {
    fn from(amount: Amount) -> Self {
        Self { events: amount.events, bytes: amount.bytes }
    }
}

/// What one policy logs of the requests in the logs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct PolicyView<'a> {
    /// The policy as it was named.
    policy: &'a str,
    /// Bytes in 24 hours; null for logs of less than an hour.
    bytes_per_day: Option<u64>,
    /// By day.
    days: Vec<DayView>,
    /// By rule; requests that no rule matches are at the end.
    rules: Vec<RuleView>,
    /// All requests.
    #[serde(flatten)]
    total: OutcomeView,
}

/// What a policy logs of the requests of one day.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct DayView {
    /// The day; null for events without a time.
    day: Option<String>,
    #[serde(flatten)]
    outcome: OutcomeView,
}

/// What a policy logs of the requests that one rule decides.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct RuleView {
    /// The index of the rule, from 0; null if no rule matches.
    rule: Option<usize>,
    /// The line of the rule.
    line: Option<usize>,
    level: Level,
    #[serde(flatten)]
    outcome: OutcomeView,
}

/// What a policy logs of some requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct OutcomeView {
    requests: u64,
    /// What the logs have of these requests.
    today: AmountView,
    /// What the policy logs of the events in the logs.
    logged: AmountView,
    /// An estimate of what it logs at stages that the logs omit.
    estimated: AmountView,
    /// What it leaves out because of the level `None`.
    omitted_by_level: AmountView,
    /// What it leaves out because of `omitStages`.
    omitted_by_stage: AmountView,
    /// Events of which the logs do not show what the policy decides.
    unknown_events: u64,
    /// Request bodies that it logs and the logs do not have.
    unknown_request_bodies: u64,
    /// Response bodies that it logs and the logs do not have.
    unknown_response_bodies: u64,
    /// Requests without an event at their end.
    requests_without_end: u64,
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

/// What one user does with one resource.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct TalkerView {
    user: String,
    verb: String,
    /// The resource or the path.
    what: String,
    /// What the logs have.
    today: AmountView,
    /// What each policy logs.
    logged: Vec<LoggedView>,
}

/// What a policy logs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LoggedView {
    events: u64,
    bytes: u64,
    /// Whether it is more, because the logs lack bodies that the policy logs.
    is_least: bool,
}

impl<'a> ReplayView<'a> {
    pub(super) fn of(shown: &'a Shown<'_>) -> Self {
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
