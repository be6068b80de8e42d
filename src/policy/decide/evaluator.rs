//! [`decide`](crate::policy::decide()) for many requests under one policy.
//!
//! Rules are split into [clauses](Clause). A [`Block`] has up to 64 clauses, so a set of clauses is one number with a
//! bit for each, in the order of the rules. For every attribute, a block has a table from a value to the clauses that
//! name it. To decide a request, the clauses that do not take its resource, group, verb and so on are removed from the
//! set of all clauses; the lowest remaining bit belongs to the first rule that matches. An attribute is not looked up
//! if no remaining clause has a condition on it.
//!
//! [`decide`](crate::policy::decide()) is the reference: tests compare both on random policies and requests.

use crate::policy::decide::borrowed::{RequestRef, ResourceRef, TargetRef};
use crate::policy::decide::clause::{Clause, clauses};
use crate::policy::decide::decision::Decision;
use crate::policy::decide::table::{Paths, Resources, Values};
use crate::policy::model::Policy;

/// A policy prepared for deciding many requests without allocations.
#[derive(Debug, Clone)]
pub struct Evaluator {
    blocks: Vec<Block>,
    /// The decision of each rule.
    decisions: Vec<Decision>,
    /// The decision if no rule matches.
    unmatched: Decision,
}

impl Evaluator {
    /// Prepares the policy; time and memory are proportional to its size.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let numbered = policy.rules.iter().enumerate();
        let clauses: Vec<(usize, Clause<'_>)> = numbered
            .flat_map(|(index, rule)| clauses(rule).into_iter().map(move |clause| (index, clause)))
            .collect();
        Self {
            blocks: clauses.chunks(Block::MOST_CLAUSES).map(Block::new).collect(),
            decisions: (0..policy.rules.len()).map(|rule| policy.decision_by(Some(rule))).collect(),
            unmatched: policy.decision_by(None),
        }
    }

    /// Decides `request` as the API server would: the first matching rule wins; without a matching rule, nothing is
    /// logged.
    #[must_use]
    pub fn decide<G: AsRef<str>>(&self, request: &RequestRef<'_, G>) -> Decision {
        let rule = self.blocks.iter().find_map(|block| block.first_rule(request));
        rule.and_then(|rule| self.decisions.get(rule)).copied().unwrap_or(self.unmatched)
    }
}

/// Up to 64 clauses.
#[derive(Debug, Clone, Default)]
struct Block {
    /// The rule of each clause.
    rules: Vec<usize>,
    /// All of its clauses.
    all: u64,
    /// The clauses that no request for a path can meet, because they name namespaces or resources.
    of_resources: u64,
    /// The clauses whose only conditions are on the kind of request, the path, the resource and its subresource.
    settled: u64,
    paths: Paths,
    resources: Resources,
    api_groups: Values,
    verbs: Values,
    namespaces: Values,
    users: Values,
    user_groups: Values,
    names: Values,
}

impl Block {
    const MOST_CLAUSES: usize = 64;

    fn new(clauses: &[(usize, Clause<'_>)]) -> Self {
        let mut block = Self::default();
        for (index, (rule, clause)) in clauses.iter().enumerate() {
            block.rules.push(*rule);
            block.add(clause, 1 << index);
        }
        let others = [
            &block.api_groups,
            &block.verbs,
            &block.namespaces,
            &block.users,
            &block.user_groups,
            &block.names,
        ];
        block.settled = others.iter().fold(block.all, |settled, table| settled & !table.conditional());
        block
    }

    /// Adds a clause as the bit `bit`.
    fn add(&mut self, clause: &Clause<'_>, bit: u64) {
        self.all |= bit;
        if clause.is_of_resources {
            self.of_resources |= bit;
        }
        self.paths.add(&clause.urls, bit);
        self.resources.add(&clause.resources, bit);
        self.api_groups.add(&clause.api_groups, bit);
        self.verbs.add(&clause.verbs, bit);
        self.namespaces.add(&clause.namespaces, bit);
        self.users.add(&clause.users, bit);
        self.user_groups.add(&clause.user_groups, bit);
        self.names.add(&clause.names, bit);
    }

    /// The rule of the first clause that the request meets.
    #[inline]
    fn first_rule<G: AsRef<str>>(&self, request: &RequestRef<'_, G>) -> Option<usize> {
        let live = match &request.target {
            TargetRef::Path(path) => self.up_to_settled(self.paths.keep(self.all & !self.of_resources, path)),
            TargetRef::Resource(resource) => self.keep_resource(resource),
        };
        let live = self.verbs.keep(live, [request.verb]);
        let live = self.users.keep(live, request.user.as_ref().map(|user| user.name));
        let groups = request.user.as_ref().map_or(&[][..], |user| user.groups);
        let live = self.user_groups.keep(live, groups.iter().map(AsRef::as_ref));
        // If no bit is set, this is 64, and there is no such rule.
        self.rules.get(usize::try_from(live.trailing_zeros()).ok()?).copied()
    }

    /// The clauses that take the resource.
    #[inline]
    fn keep_resource(&self, resource: &ResourceRef<'_>) -> u64 {
        let of_both = self.all & !self.paths.conditional();
        let live = self.resources.keep(of_both, resource.resource, resource.subresource);
        let live = self.up_to_settled(live);
        let live = self.api_groups.keep(live, [resource.group]);
        let live = self.namespaces.keep(live, [resource.namespace]);
        self.names.keep(live, [resource.name])
    }

    /// Clauses after one that is certainly met cannot decide, so their conditions are not checked.
    fn up_to_settled(&self, live: u64) -> u64 {
        match live & self.settled {
            0 => live,
            settled => live & (settled ^ (settled - 1)),
        }
    }
}
