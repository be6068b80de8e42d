//! What is shown, as text and as JSON.

use super::read::Read;
use crate::cli::policy::source::PolicyText;
use crate::diagnostic::Position;
use crate::event::Amount;
use crate::event::{Malformed, Moment};
use crate::policy::{Level, Policy, rule_positions};
use crate::replay::{Outcome, Replayed, Share, Talker};

/// Everything that is shown.
pub(super) struct Shown<'a> {
    /// The policy, and the one that it is compared with.
    pub(super) sides: Vec<Side<'a>>,
    /// What was read.
    pub(super) read: &'a Read,
    /// The number of talkers.
    pub(super) top: usize,
}

/// A policy, the positions of its rules, and its result for the logs.
pub(super) struct Side<'a> {
    /// The file as it was typed.
    pub(super) name: &'a str,
    /// The policy.
    pub(super) policy: &'a Policy,
    /// Its result for the logs.
    pub(super) replayed: Replayed,
    positions: Vec<Option<Position>>,
}

impl<'a> Side<'a> {
    /// Finds the positions of the rules in the text.
    pub(super) fn new(source: &'a PolicyText, policy: &'a Policy, replayed: Replayed) -> Self {
        Self { name: &source.name, policy, replayed, positions: rule_positions(&source.text) }
    }

    /// Whether a rule is about groups.
    pub(super) fn asks_for_groups(&self) -> bool {
        self.policy.rules.iter().any(|rule| !rule.user_groups.is_empty())
    }

    /// Each rule with its level and its result; at the end the events that no rule matches, if there are any.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (Option<usize>, (Level, &Outcome))> {
        let of_rules = self.replayed.rules.iter().enumerate();
        let rules = of_rules.map(|(rule, (decision, outcome))| (Some(rule), (decision.level, outcome)));
        let unmatched = Some(&self.replayed.unmatched).filter(|rest| rest.sums.today.events > 0);
        rules.chain(unmatched.map(|rest| (None, (Level::None, rest))))
    }

    /// The line of a rule.
    pub(super) fn line(&self, rule: usize) -> Option<usize> {
        self.positions.get(rule).copied().flatten().map(|position| position.line)
    }

    /// `policy.yaml:12`, or `policy.yaml: no rule`.
    pub(super) fn place(&self, rule: Option<usize>) -> String {
        match rule.map(|rule| (rule, self.line(rule))) {
            None => format!("{}: no rule", self.name),
            Some((_, Some(line))) => format!("{}:{line}", self.name),
            Some((rule, None)) => format!("{}: rules[{rule}]", self.name),
        }
    }
}

impl Shown<'_> {
    /// The first lines without an event: `audit.log:12`, and why.
    pub(super) fn malformed(&self) -> impl Iterator<Item = (&str, u64, Malformed)> {
        self.read.logs.iter().flat_map(|(name, sums)| {
            sums.malformed_at.iter().map(move |(index, why)| (name.as_str(), index + 1, *why))
        })
    }

    /// `bytes` of the logs, converted to 24 hours; `None` for logs of less than an hour, which are not representative.
    pub(super) fn a_day(&self, bytes: u64) -> Option<u64> {
        const HOUR: u64 = 3600;
        let (first, last) = self.span()?;
        let seconds = Some(last.since(first)).filter(|seconds| *seconds >= HOUR)?;
        u64::try_from(u128::from(bytes) * 24 * u128::from(HOUR) / u128::from(seconds)).ok()
    }

    /// When the first and the last event were written.
    pub(super) fn span(&self) -> Option<(Moment, Moment)> {
        self.read.tally.log.span
    }

    /// What is in the logs.
    pub(super) fn today(&self) -> Amount {
        self.read.tally.log.events
    }

    /// The combinations that take the most under the policy.
    pub(super) fn talkers(&self) -> Vec<Talker> {
        self.read.tally.talkers.top(self.top, |share| share.logged_by(0).amount.bytes)
    }

    /// The combinations of which the policy leaves out the most.
    pub(super) fn left_out(&self) -> Vec<Talker> {
        let saved = |share: &Share| share.today.bytes.saturating_sub(share.logged_by(0).amount.bytes);
        self.read.tally.talkers.top(self.top, saved)
    }
}
