//! Queries about the rules of one policy.

use std::ops::Range;

use crate::policy::decide::clause::{Clause, clauses};
use crate::policy::decide::decision::{Request, matches};
use crate::policy::model::Rule;
use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{Budget, TooComplex, check_clauses};
use crate::policy::reach::example;
use crate::policy::reach::outcomes::Question;
use crate::policy::reach::scope::Scope;
use crate::policy::reach::space::Space;

/// The rules of one policy, prepared for several queries. All queries share one budget.
pub(in crate::policy) struct Reach<'p> {
    rules: &'p [Rule],
    space: Space<'p>,
    /// The clauses of each rule.
    clauses: Vec<Range<usize>>,
    budget: Budget,
}

/// A set of rules.
pub(in crate::policy) struct Rules(Bits);

impl<'p> Reach<'p> {
    /// # Errors
    ///
    /// The policy is too large.
    pub(in crate::policy) fn of(rules: &'p [Rule]) -> Result<Self, TooComplex> {
        check_clauses(rules.iter())?;
        let mut all: Vec<Clause<'_>> = Vec::new();
        let mut ranges = Vec::new();
        for rule in rules {
            let first = all.len();
            all.extend(clauses(rule));
            ranges.push(first..all.len());
        }
        let space = Space::of(&all)?;
        Ok(Self { rules, space, clauses: ranges, budget: Budget::for_policies(1) })
    }

    /// The set of the rules with these indices.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn rules(
        &self,
        indices: impl IntoIterator<Item = usize>,
    ) -> Result<Rules, TooComplex> {
        self.budget.spend(self.space.size)?;
        let mut rules = Rules(Bits::none(self.space.size));
        for index in indices {
            self.add(index, &mut rules)?;
        }
        Ok(rules)
    }

    /// Adds the rule with this index to the set.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn add(&self, index: usize, rules: &mut Rules) -> Result<(), TooComplex> {
        let clauses = self.clauses.get(index).cloned().unwrap_or_default();
        self.budget.spend(1 + clauses.len())?;
        clauses.for_each(|clause| rules.0.insert(clause));
        Ok(())
    }

    /// A request that `rule` matches and no rule of `earlier` does. `rule` must only have values of the policy's rules.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn left(
        &self,
        rule: &Rule,
        earlier: &Rules,
    ) -> Result<Option<Request>, TooComplex> {
        self.left_of(&clauses(rule), earlier)
    }

    /// As [`Reach::left`], for a request that meets one of these clauses.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn left_of(
        &self,
        clauses: &[Clause<'_>],
        earlier: &Rules,
    ) -> Result<Option<Request>, TooComplex> {
        self.ask(clauses, earlier, Scope::default())
    }

    /// A simple request of the scope that `rule` matches and none of the first `earlier` rules does, if there is one.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn example(
        &self,
        rule: &Rule,
        earlier: usize,
        scope: Scope<'_>,
    ) -> Result<Option<Request>, TooComplex> {
        let mut found = self.ask(&clauses(rule), &self.rules(0..earlier)?, scope)?;
        if let Some(request) = &mut found {
            let is_earlier = |it: &Request| self.rules.iter().take(earlier).any(|rule| matches(rule, it));
            example::make_plain(request, |it| scope.has(it) && matches(rule, it) && !is_earlier(it));
        }
        Ok(found)
    }

    /// Whether `rule` matches any request at all.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`].
    pub(in crate::policy) fn is_possible(&self, rule: &Rule) -> Result<bool, TooComplex> {
        Ok(self.left(rule, &self.rules([])?)?.is_some())
    }

    fn ask(
        &self,
        clauses: &[Clause<'_>],
        earlier: &Rules,
        scope: Scope<'_>,
    ) -> Result<Option<Request>, TooComplex> {
        let question = Question { space: &self.space, scope, budget: &self.budget };
        question.ask(&[clauses], &earlier.0)
    }
}
