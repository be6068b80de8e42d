//! What a policy makes of a log: in all, day by day, rule by rule.

use crate::event::Day;
use crate::policy::{Decision, Policy};
use crate::replay::cell::Outcome;
use crate::replay::tally::Days;
use std::collections::BTreeMap;

/// What one policy makes of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// In all.
    pub total: Outcome,
    /// By the day on which the events were written, UTC; `None` for those that do not say.
    pub days: BTreeMap<Option<Day>, Outcome>,
    /// By the rule that decides, in the policy's order, also those that decide of nothing.
    pub rules: Vec<(Decision, Outcome)>,
    /// What no rule matches, and so is not logged.
    pub unmatched: Outcome,
}

impl Replayed {
    /// Sums up what `policy` makes of the days of a log.
    #[must_use]
    pub fn new(policy: &Policy, days: &Days) -> Self {
        let decision = |rule| policy.decision_by(rule);
        let rules = (0..policy.rules.len()).map(|rule| (decision(Some(rule)), Outcome::default())).collect();
        let (total, unmatched) = (Outcome::default(), Outcome::default());
        let mut replayed = Self { total, days: BTreeMap::new(), rules, unmatched };
        for (day, rule, cell) in days.iter() {
            let outcome = cell.outcome(&decision(rule));
            replayed.total += outcome;
            *replayed.days.entry(day).or_default() += outcome;
            match rule.and_then(|rule| replayed.rules.get_mut(rule)) {
                Some((_, of_rule)) => *of_rule += outcome,
                None => replayed.unmatched += outcome,
            }
        }
        replayed
    }
}
