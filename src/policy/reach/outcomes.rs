//! All combinations of deciding rules, each with an example.

use std::collections::BTreeMap;

use crate::policy::decide::clause::{Clause, clauses};
use crate::policy::decide::decision::{Request, Target as Asked, decide};
use crate::policy::model::Policy;
use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{Budget, TooComplex, check_clauses, check_size};
use crate::policy::reach::scope::Scope;
use crate::policy::reach::space::Space;
use crate::policy::reach::target::Target;
use crate::policy::reach::{example, search, sent};

impl Scope<'_> {
    pub(super) fn has(self, request: &Request) -> bool {
        if self.is_sent && !sent::is_sent(request) {
            return false;
        }
        let Some((group, resource, subresource)) = self.resource else { return true };
        match &request.target {
            Asked::Resource(it) => {
                it.group == group && it.resource == resource && it.subresource == subresource
            }
            Asked::Path(_) => false,
        }
    }
}

/// Combinations of deciding rules, one rule for each policy, with a request that they decide. `None` stands for no
/// rule.
pub type Outcomes = BTreeMap<Vec<Option<usize>>, Request>;

/// Returns all combinations of rules, one of each policy, that are `wanted` and that decide some request of the scope,
/// each with an example.
///
/// # Errors
///
/// Returns [`TooComplex`] instead of searching for more than some seconds. The number of combinations of values is the
/// product of the lengths of the lists in a rule, so a policy can be constructed that would take longer. No policy
/// written by a person came close.
pub fn outcomes(
    policies: &[&Policy],
    scope: Scope<'_>,
    wanted: impl Fn(&[Option<usize>]) -> bool,
) -> Result<Outcomes, TooComplex> {
    let rules = || policies.iter().flat_map(|policy| &policy.rules);
    check_clauses(rules())?;
    let space = Space::of(&rules().flat_map(clauses).collect::<Vec<_>>())?;
    let question = Question { space: &space, scope, budget: &Budget::for_policies(policies.len()) };
    let mut first = 0;
    let mut sides = Vec::new();
    for policy in policies {
        sides.push(question.endings(policy, &mut first)?);
    }
    let mut found = Outcomes::new();
    let all = sides.iter().try_fold(1, |all: usize, side| all.checked_mul(side.len())).ok_or(TooComplex)?;
    for mut number in 0..all {
        question.budget.spend(space.size)?;
        // The number has one digit for each policy: the index of its ending.
        let mut combination: Vec<&Ending<'_>> = Vec::new();
        for side in &sides {
            combination.extend(side.get(number % side.len()));
            number /= side.len();
        }
        let rules: Vec<Option<usize>> = combination.iter().map(|ending| ending.rule).collect();
        if !wanted(&rules) {
            continue;
        }
        let avoided = combination.iter().fold(Bits::none(space.size), |all, it| all.or(&it.before));
        let lists: Vec<&[Clause<'_>]> = combination.iter().map(|ending| ending.clauses.as_slice()).collect();
        if let Some(mut example) = question.ask(&lists, &avoided)? {
            let is_example = |request: &Request| {
                let decided = policies.iter().map(|policy| decide(policy, request).rule);
                scope.has(request) && decided.eq(rules.iter().copied())
            };
            example::make_plain(&mut example, is_example);
            found.insert(rules, example);
        }
    }
    Ok(found)
}

/// One of the possible results of a policy: a rule, or no rule.
struct Ending<'p> {
    rule: Option<usize>,
    /// At least one of them is met; a single empty clause if there is no rule.
    clauses: Vec<Clause<'p>>,
    /// The clauses of the rules before it.
    before: Bits,
}

/// The fixed cost of computing the intersection of clauses.
const STEPS_OF_A_TARGET: usize = 200;

/// The inputs of a query.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) space: &'q Space<'q>,
    pub(super) scope: Scope<'q>,
    pub(super) budget: &'q Budget,
}

impl Question<'_> {
    /// The endings that some request has. The policy's clauses start at the clause `first` of the space.
    fn endings<'p>(&self, policy: &'p Policy, first: &mut usize) -> Result<Vec<Ending<'p>>, TooComplex> {
        let mut before = Bits::none(self.space.size);
        let mut endings = Vec::new();
        check_size(policy.rules.len(), &before)?;
        let rules = policy.rules.iter().enumerate().map(|(index, rule)| (Some(index), clauses(rule)));
        for (rule, clauses) in rules.chain([(None, vec![Clause::default()])]) {
            let is_met = self.ask(&[&clauses], &before)?.is_some();
            let last = *first + clauses.len();
            let ending = Ending { rule, clauses, before: before.clone() };
            endings.extend(is_met.then_some(ending));
            if rule.is_some() {
                (*first..last).for_each(|clause| before.insert(clause));
                *first = last;
            }
        }
        Ok(endings)
    }

    /// A request that meets a clause of each list, and no clause of `avoided`.
    pub(super) fn ask(&self, lists: &[&[Clause<'_>]], avoided: &Bits) -> Result<Option<Request>, TooComplex> {
        self.ask_further(lists, &mut Vec::new(), avoided)
    }

    fn ask_further<'c, 'p: 'c>(
        &self,
        lists: &[&'c [Clause<'p>]],
        met: &mut Vec<&'c Clause<'p>>,
        avoided: &Bits,
    ) -> Result<Option<Request>, TooComplex> {
        let Some((list, others)) = lists.split_first() else {
            self.budget.spend(STEPS_OF_A_TARGET)?;
            let target = Target::of(self.space, met, self.scope, self.budget)?;
            if self.scope.is_sent {
                return sent::find(self.space, met, &target, avoided, self.budget);
            }
            let found = search::find(&target.options(), avoided, self.budget)?;
            return Ok(found.and_then(|chosen| target.request(self.space, &chosen)));
        };
        for clause in *list {
            met.push(clause);
            let found = self.ask_further(others, met, avoided)?;
            met.pop();
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
