//! The section of the JSON object of `policy replay`.

mod convert;

use crate::policy::Level;
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
