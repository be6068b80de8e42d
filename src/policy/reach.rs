//! Which rules can decide at all, and of which request.
//!
//! The answer is exact: the requests are divided by one attribute after the other, and at each step what has become
//! impossible is dropped. What is left to decide depends only on the regions that are still possible, so equal rests are
//! answered once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use crate::policy::decide::Request;
use crate::policy::model::Policy;
use crate::policy::space::{Region, Scope, Space};

/// For every combination of deciding rules, one for each policy, a request that comes to it. `None` stands for no rule.
pub type Outcomes = BTreeMap<Vec<Option<usize>>, Request>;

/// There are too many combinations of conditions to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex;

/// Goes through all requests of the scope, as far as the policies can tell them apart, and returns every combination
/// of rules that decides of one, with an example.
///
/// # Errors
///
/// Returns [`TooComplex`] rather than to go on for more than a few seconds: deciding this is NP-hard, and a policy can
/// be made that needs it. No policy that a person wrote came near.
pub fn outcomes(policies: &[&Policy], scope: Scope<'_>) -> Result<Outcomes, TooComplex> {
    let space = Space::of(policies, scope);
    let mut search =
        Search { space: &space, regions: Vec::new(), answered: HashMap::new(), left: MOST_STEPS };
    let mut lives = Vec::new();
    for policy in policies {
        let mut live = Vec::new();
        for (rule, regions) in policy.rules.iter().map(|rule| space.regions(rule)).enumerate() {
            for region in regions {
                live.push(search.regions.len());
                search.regions.push((rule, region));
            }
        }
        lives.push(live);
    }
    let found = search.explore(0, lives)?;
    Ok(found.iter().map(|(rules, chosen)| (rules.clone(), space.request(chosen))).collect())
}

/// Conditions that are looked at before giving up.
const MOST_STEPS: usize = 50_000_000;

/// Deciding rules, and the atoms of an example.
type Found = BTreeMap<Vec<Option<usize>>, Vec<(usize, usize)>>;

struct Search<'s> {
    space: &'s Space,
    /// The regions of all policies, each with the index of its rule.
    regions: Vec<(usize, Region)>,
    answered: HashMap<(usize, Vec<Vec<usize>>), Rc<Found>>,
    left: usize,
}

impl Search<'_> {
    /// `lives` are the regions of each policy, in order, that the atoms chosen before `dimension` leave possible.
    fn explore(&mut self, dimension: usize, mut lives: Vec<Vec<usize>>) -> Result<Rc<Found>, TooComplex> {
        let mut is_decided = true;
        for live in &mut lives {
            let certain = live.iter().position(|region| self.is(*region, |it| it.is_open_from(dimension)));
            // What follows a region that is certain never gets to decide.
            live.truncate(certain.map_or(live.len(), |at| at + 1));
            is_decided &= live.is_empty() || certain == Some(0);
        }
        if is_decided || dimension >= self.space.len() {
            let rule_of =
                |live: &Vec<usize>| live.first().and_then(|it| self.regions.get(*it)).map(|it| it.0);
            return Ok(Rc::new(Found::from([(lives.iter().map(rule_of).collect(), Vec::new())])));
        }
        if !lives.iter().flatten().any(|region| self.is(*region, |it| it.looks_at(dimension))) {
            return self.explore(dimension + 1, lives);
        }
        let key = (dimension, lives);
        if let Some(found) = self.answered.get(&key) {
            return Ok(Rc::clone(found));
        }
        let mut found = Found::new();
        let mut seen: HashSet<Vec<Vec<usize>>> = HashSet::new();
        for atom in self.space.atoms(dimension) {
            let size: usize = key.1.iter().map(Vec::len).sum();
            self.left = self.left.checked_sub(size + 1).ok_or(TooComplex)?;
            let takes = |region: &usize| self.is(*region, |it| it.takes(dimension, atom));
            let rest: Vec<Vec<usize>> =
                key.1.iter().map(|live| live.iter().copied().filter(takes).collect()).collect();
            if !seen.insert(rest.clone()) {
                continue;
            }
            for (rules, chosen) in self.explore(dimension + 1, rest)?.iter() {
                found.entry(rules.clone()).or_insert_with(|| {
                    let mut chosen = chosen.clone();
                    chosen.push((dimension, atom));
                    chosen
                });
            }
        }
        let found = Rc::new(found);
        self.answered.insert(key, Rc::clone(&found));
        Ok(found)
    }

    fn is(&self, region: usize, test: impl Fn(&Region) -> bool) -> bool {
        self.regions.get(region).is_some_and(|(_, region)| test(region))
    }
}
