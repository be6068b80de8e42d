//! Which rules can decide at all, and of which request.
//!
//! The answer is exact. A request that some rules match and others do not is looked for attribute by attribute: of the
//! others those are kept that the atoms chosen so far leave possible; when none is left, the request is found. An atom
//! that leaves a superset of what failed before fails too, so mostly one atom of each attribute is tried: the one that
//! stands for anything else.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

use crate::policy::decide::Request;
use crate::policy::model::{Policy, Rule};
use crate::policy::space::{Region, Scope, Space};

/// For every combination of deciding rules, one for each policy, a request that comes to it. `None` stands for no rule.
pub type Outcomes = BTreeMap<Vec<Option<usize>>, Request>;

/// There are too many combinations of conditions to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex;

/// How much may still be looked at.
#[derive(Debug)]
struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        /// Regions that are looked at before giving up: some seconds.
        const MOST: usize = 10_000_000;
        Self(Cell::new(MOST))
    }
}

impl Budget {
    fn spend(&self, cost: usize) -> Result<(), TooComplex> {
        self.0.set(self.0.get().checked_sub(cost).ok_or(TooComplex)?);
        Ok(())
    }
}

/// Goes through all requests of the scope, as far as the policies can tell them apart, and returns every combination of
/// rules, one of each policy, that is `wanted` and decides of one, with an example.
///
/// # Errors
///
/// Returns [`TooComplex`] rather than to go on for more than some seconds: deciding this is NP-hard, and a policy can be
/// made that needs it. No policy that a person wrote came near.
pub fn outcomes(
    policies: &[&Policy],
    scope: Scope<'_>,
    wanted: impl Fn(&[Option<usize>]) -> bool,
) -> Result<Outcomes, TooComplex> {
    let budget = Budget::default();
    let rules: Vec<&Rule> = policies.iter().flat_map(|policy| &policy.rules).collect();
    let space = Space::of(&rules, scope);
    let regions: Vec<Vec<Vec<Region>>> =
        policies.iter().map(|policy| policy.rules.iter().map(|rule| space.regions(rule)).collect()).collect();
    let mut found = Outcomes::new();
    for combination in combinations(policies) {
        if !wanted(&combination) {
            continue;
        }
        let mut targets = vec![Region::default()];
        let mut earlier = Vec::new();
        for (regions, rule) in regions.iter().zip(&combination) {
            let before = rule.unwrap_or(regions.len());
            earlier.extend(regions.iter().take(before).flatten());
            if let Some(chosen) = rule.and_then(|rule| regions.get(rule)) {
                targets = intersect(&targets, chosen);
            }
        }
        if let Some(example) = find(&space, &targets, &earlier, &budget)? {
            found.insert(combination, example);
        }
    }
    Ok(found)
}

/// One rule, or none, of each policy.
fn combinations(policies: &[&Policy]) -> Vec<Vec<Option<usize>>> {
    let mut found = vec![Vec::new()];
    for policy in policies {
        let choices = (0..policy.rules.len()).map(Some).chain([None]);
        let extend = |rule: Option<usize>| {
            found.iter().map(move |of_others: &Vec<Option<usize>>| {
                of_others.iter().copied().chain([rule]).collect::<Vec<_>>()
            })
        };
        found = choices.flat_map(extend).collect();
    }
    found
}

/// The rules of one policy as regions, to ask many questions about them.
pub(super) struct Reach {
    space: Space,
    regions: Vec<Vec<Region>>,
    budget: Budget,
}

impl Reach {
    /// The rules within the scope.
    pub(super) fn of(rules: &[Rule], scope: Scope<'_>) -> Self {
        let space = Space::of(&rules.iter().collect::<Vec<_>>(), scope);
        let regions = rules.iter().map(|rule| space.regions(rule)).collect();
        Self { space, regions, budget: Budget::default() }
    }

    /// A request that `rule` matches and none of the rules with the indices `earlier`, if there is one. The values of
    /// `rule` must be those of rules of the policy.
    ///
    /// # Errors
    ///
    /// See [`TooComplex`]; all questions together have one budget.
    pub(super) fn example(
        &self,
        rule: &Rule,
        earlier: impl Iterator<Item = usize>,
    ) -> Result<Option<Request>, TooComplex> {
        let earlier: Vec<&Region> = earlier.filter_map(|index| self.regions.get(index)).flatten().collect();
        find(&self.space, &self.space.regions(rule), &earlier, &self.budget)
    }

    /// Whether `rule` matches any request at all.
    pub(super) fn is_possible(&self, rule: &Rule) -> bool {
        self.space.regions(rule).iter().any(|region| self.space.is_possible(region))
    }
}

/// Every intersection of one of the first with one of the others.
fn intersect(some: &[Region], others: &[Region]) -> Vec<Region> {
    some.iter().flat_map(|one| others.iter().map(|other| one.and(other))).collect()
}

/// A request in one of `targets` and in none of `earlier`.
fn find(
    space: &Space,
    targets: &[Region],
    earlier: &[&Region],
    budget: &Budget,
) -> Result<Option<Request>, TooComplex> {
    for target in targets.iter().filter(|target| space.is_possible(target)) {
        let live: Vec<usize> = (0..earlier.len())
            .filter(|index| earlier.get(*index).is_some_and(|region| space.is_possible(&target.and(region))))
            .collect();
        budget.spend(earlier.len() + 1)?;
        let mut search =
            Search { space, target, earlier, budget, failed: HashSet::new(), chosen: Vec::new() };
        if search.succeeds(0, &live)? {
            let fixed = (0..space.len()).filter(|dimension| target.looks_at(*dimension));
            for dimension in fixed {
                let is_open = !search.chosen.iter().any(|(of, _)| *of == dimension);
                let atom = space.atoms(dimension).into_iter().find(|atom| target.takes(dimension, *atom));
                search.chosen.extend(atom.filter(|_| is_open).map(|atom| (dimension, atom)));
            }
            return Ok(Some(space.request(&search.chosen)));
        }
    }
    Ok(None)
}

struct Search<'s> {
    space: &'s Space,
    target: &'s Region,
    earlier: &'s [&'s Region],
    budget: &'s Budget,
    failed: HashSet<(usize, Vec<usize>)>,
    /// The atoms of what was found, by dimension.
    chosen: Vec<(usize, usize)>,
}

impl Search<'_> {
    /// Whether a request is in the target and in none of `live`, which are the earlier regions that the atoms chosen
    /// before `dimension` leave possible.
    fn succeeds(&mut self, dimension: usize, live: &[usize]) -> Result<bool, TooComplex> {
        self.budget.spend(live.len() + 1)?;
        if live.is_empty() {
            return Ok(true);
        }
        if live.iter().any(|region| self.is(*region, |it| it.is_open_from(dimension))) {
            return Ok(false);
        }
        if !live.iter().any(|region| self.is(*region, |it| it.looks_at(dimension))) {
            return self.succeeds(dimension + 1, live);
        }
        if self.failed.contains(&(dimension, live.to_vec())) {
            return Ok(false);
        }
        let mut failed: Vec<Vec<usize>> = Vec::new();
        for atom in self.space.atoms(dimension) {
            if !self.target.takes(dimension, atom) {
                continue;
            }
            self.budget.spend(live.len() * (failed.len() + 1))?;
            let takes = |region: &usize| self.is(*region, |it| it.takes(dimension, atom));
            let rest: Vec<usize> = live.iter().copied().filter(takes).collect();
            if failed.iter().any(|less| is_subset(less, &rest)) {
                continue;
            }
            if self.succeeds(dimension + 1, &rest)? {
                self.chosen.push((dimension, atom));
                return Ok(true);
            }
            failed.push(rest);
        }
        self.failed.insert((dimension, live.to_vec()));
        Ok(false)
    }

    fn is(&self, region: usize, test: impl Fn(&Region) -> bool) -> bool {
        self.earlier.get(region).is_some_and(|region| test(region))
    }
}

/// Whether every item of `less` is in `more`; both are in order.
fn is_subset(less: &[usize], more: &[usize]) -> bool {
    let mut rest = more.iter();
    less.iter().all(|item| rest.any(|other| other == item))
}
