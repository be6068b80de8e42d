//! The result of replaying a log under a policy: in total, by day and by rule.

use crate::event::Day;
use crate::policy::{Decision, Policy};
use crate::replay::cell::Outcome;
use crate::replay::tally::Days;
use std::collections::BTreeMap;

/// The result for one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The total.
    pub total: Outcome,
    /// By the day of the event in UTC; `None` for events without a time.
    pub days: BTreeMap<Option<Day>, Outcome>,
    /// By the deciding rule, in the policy's order, including rules that decide no event.
    pub rules: Vec<(Decision, Outcome)>,
    /// Events that no rule matches and that are therefore not logged.
    pub unmatched: Outcome,
}

impl Replayed {
    /// Sums the days of a log under `policy`.
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
