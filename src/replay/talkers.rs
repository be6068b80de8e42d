//! The largest sources of events: user, verb and resource, with the number and size of their events.

use crate::event::Amount;
use crate::event::Counts;
use crate::replay::MOST_POLICIES;
use std::ops::AddAssign;

/// The maximum number of combinations that are counted exactly. A cluster with 1,000 nodes has about 20,000.
const MOST: usize = 1 << 16;

/// The events of one combination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// In the log.
    pub today: Amount,
    /// What each policy logs of these events.
    pub logged: [Logged; MOST_POLICIES],
}

/// What a policy logs of these events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logged {
    /// The known part.
    pub amount: Amount,
    /// The amount is a lower bound, because there may be bodies that are not in the log.
    pub is_least: bool,
}

/// A combination of user, verb and resource, and its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talker {
    /// The user's name; empty for unauthenticated requests.
    pub user: String,
    /// The verb.
    pub verb: String,
    /// `deployments.apps/scale`, or a path.
    pub what: String,
    /// Its events.
    pub share: Share,
}

/// The counters.
#[derive(Debug, Clone)]
pub struct Talkers {
    /// By user, verb and resource, separated by NUL; the weight is the size in the log.
    shares: Counts<Share>,
    /// A buffer for the key of an event, so that only new keys are allocated.
    key: String,
}

impl Default for Talkers {
    fn default() -> Self {
        Self::with_limit(MOST)
    }
}

impl Talkers {
    /// Counts up to `most` combinations exactly.
    #[must_use]
    pub fn with_limit(most: usize) -> Self {
        Self { shares: Counts::new(most, |share: &Share| share.today.bytes), key: String::new() }
    }

    /// Adds one event. `what` is the resource in pieces.
    pub fn count(&mut self, user: &str, verb: &str, what: [&str; 5], share: &Share) {
        self.key.clear();
        self.key.extend([user, SEPARATOR, verb, SEPARATOR]);
        self.key.extend(what);
        self.shares.add(&self.key, share);
    }

    /// Adds the counters of the next part of the log.
    pub fn absorb(&mut self, later: Self) {
        self.shares.absorb(later.shares);
    }

    /// The maximum number of bytes that any counter may lack; 0 if all are exact.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.shares.lacking()
    }

    /// The number of combinations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shares.len()
    }

    /// Whether there are no combinations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// The `count` combinations with the largest `weight`, largest first, without those of weight 0.
    #[must_use]
    pub fn top(&self, count: usize, weight: impl Fn(&Share) -> u64) -> Vec<Talker> {
        let top = self.shares.top(count, weight);
        top.into_iter().map(|(key, share)| Talker::new(key, share)).collect()
    }
}

const SEPARATOR: &str = "\0";

impl AddAssign<&Self> for Share {
    fn add_assign(&mut self, more: &Self) {
        self.today += more.today;
        for (logged, more) in self.logged.iter_mut().zip(more.logged) {
            logged.amount += more.amount;
            logged.is_least |= more.is_least;
        }
    }
}

impl Share {
    /// What the policy with this index logs of these events.
    #[must_use]
    pub fn logged_by(&self, policy: usize) -> Logged {
        self.logged.get(policy).copied().unwrap_or_default()
    }
}

impl Talker {
    fn new(key: &str, share: &Share) -> Self {
        let mut parts = key.splitn(3, SEPARATOR);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        Self { user: part(), verb: part(), what: part(), share: share.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(talkers: &mut Talkers, user: &str, bytes: u64) {
        let amount = Amount::one(bytes);
        let share = Share { today: amount, ..Share::default() };
        talkers.count(user, "get", ["pods", "", "", "", ""], &share);
    }

    fn part(counts: &[(&str, u64)]) -> Talkers {
        let mut part = Talkers::default();
        for (user, bytes) in counts {
            count(&mut part, user, *bytes);
        }
        part
    }

    #[test]
    fn what_is_forgotten_is_bounded_and_the_largest_stay() {
        let mut talkers = Talkers::with_limit(4);
        let mut truth = 0;
        for round in 0..100_u64 {
            truth += 1000;
            let others: Vec<String> = (0..5).map(|index| format!("{round}-{index}")).collect();
            let mut counts: Vec<(&str, u64)> = others.iter().map(|name| (name.as_str(), 10)).collect();
            counts.push(("alice", 1000));
            talkers.absorb(part(&counts));
            assert!(talkers.len() <= 4);
        }
        let top = talkers.top(1, |share| share.today.bytes);
        assert_eq!(top[0].user, "alice");
        assert_eq!(top[0].share.today, Amount { events: 100, bytes: truth });
        assert!(talkers.lacking() > 0 && talkers.lacking() < truth / 10, "{}", talkers.lacking());
    }

    #[test]
    fn one_that_comes_again_lacks_no_more_than_is_said() {
        let mut talkers = Talkers::with_limit(2);
        let mut truth = 0;
        for round in 0..50_u64 {
            truth += 3;
            let (a, b) = (format!("a{round}"), format!("b{round}"));
            talkers.absorb(part(&[("bob", 3), (&a, 5), (&b, 4)]));
        }
        talkers.absorb(part(&[("bob", 1000)]));
        let bob = &talkers.top(1, |share| share.today.bytes)[0];
        assert_eq!(bob.user, "bob");
        let shown = bob.share.today.bytes;
        assert!(shown <= truth + 1000 && shown + talkers.lacking() >= truth + 1000, "{shown}");
    }
}
