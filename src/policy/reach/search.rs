//! Searches for one option per dimension such that no clause takes all of them.

use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{Budget, TooComplex};

/// The options of each dimension; an option is the set of clauses that take it.
pub(super) type Options<'o> = Vec<Vec<&'o Bits>>;

/// The index of one option per dimension, such that no clause of `avoided` takes all of them; `None` if this is
/// impossible.
///
/// The search keeps the clauses of `avoided` that take all options chosen so far; these are live. When no clause is
/// live, the options are found. An option that leaves a superset of a set that failed before fails too.
pub(super) fn find(
    options: &Options<'_>,
    avoided: &Bits,
    budget: &Budget,
) -> Result<Option<Vec<usize>>, TooComplex> {
    if options.iter().any(Vec::is_empty) {
        return Ok(None);
    }
    let size = avoided.words();
    budget.spend(size * options.iter().map(Vec::len).sum::<usize>())?;
    // The dimension with the fewest options comes first.
    let mut order: Vec<(usize, &[&Bits])> = options.iter().map(Vec::as_slice).enumerate().collect();
    order.sort_by_key(|(_, options)| options.len());
    // A clause that takes no option of some dimension is always avoided.
    let any = |options: &[&Bits]| options.iter().fold(Bits::none(size), |any, option| any.or(option));
    let live = order.iter().fold(avoided.clone(), |live, (_, options)| live.and(&any(options)));
    let all = |options: &[&Bits]| options.iter().fold(Bits::all(size), |all, option| all.and(option));
    let mut covering = vec![Bits::all(size)];
    for (_, options) in order.iter().rev() {
        let from_next = covering.last().map(|next| next.and(&all(options)));
        covering.extend(from_next);
    }
    covering.reverse();
    let failed = vec![Vec::new(); order.len()];
    let mut search = Search { order, covering, failed, budget, size, chosen: vec![0; options.len()] };
    let is_found = search.succeeds(0, &live)?;
    Ok(is_found.then_some(search.chosen))
}

struct Search<'o, 'b> {
    /// The dimensions in the order of the search, each with its index and its options.
    order: Vec<(usize, &'o [&'o Bits])>,
    /// The clauses that take every option of a dimension and of all later dimensions.
    covering: Vec<Bits>,
    /// The sets of live clauses at each dimension for which the search failed.
    failed: Vec<Vec<Bits>>,
    budget: &'b Budget,
    /// The length of a set, in units of 64 clauses.
    size: usize,
    /// The chosen option of each dimension.
    chosen: Vec<usize>,
}

impl Search<'_, '_> {
    /// Whether there are options for the dimensions from `depth` on that leave no clause of `live`.
    fn succeeds(&mut self, depth: usize, live: &Bits) -> Result<bool, TooComplex> {
        if live.is_empty() {
            return Ok(true);
        }
        self.budget.spend(self.size)?;
        let is_covered = self.covering.get(depth).is_none_or(|covering| covering.meets(live));
        let Some((dimension, options)) = self.order.get(depth).copied().filter(|_| !is_covered) else {
            return Ok(false);
        };
        let failed = self.failed.get(depth).map_or(&[][..], Vec::as_slice);
        self.budget.spend(self.size * (failed.len() + options.len()))?;
        if failed.iter().any(|failed| failed.is_subset(live)) {
            return Ok(false);
        }
        let mut rests: Vec<(usize, Bits)> =
            options.iter().map(|option| live.and(option)).enumerate().collect();
        rests.sort_by_key(|(_, rest)| rest.len());
        let mut tried: Vec<&Bits> = Vec::new();
        for (option, rest) in &rests {
            self.budget.spend(self.size * tried.len())?;
            if tried.iter().any(|less| less.is_subset(rest)) {
                continue;
            }
            if self.succeeds(depth + 1, rest)? {
                if let Some(chosen) = self.chosen.get_mut(dimension) {
                    *chosen = *option;
                }
                return Ok(true);
            }
            tried.push(rest);
        }
        if let Some(failed) = self.failed.get_mut(depth).filter(|failed| failed.len() < MOST_FAILED) {
            failed.push(live.clone());
        }
        Ok(false)
    }
}

/// The maximum number of failures remembered for one dimension: to search more would cost more than it saves.
const MOST_FAILED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSIONS: usize = 4;
    const WIDTH: usize = 4;

    /// Random sets of `clauses` for the options of every dimension. Each clause takes `percent` % of the options; the
    /// same seed gives the same sets.
    fn random_options(seed: u64, clauses: usize, percent: u64) -> Vec<Vec<Bits>> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100
        };
        let mut option = || {
            let mut bits = Bits::none(clauses.div_ceil(64));
            (0..clauses).filter(|_| next() < percent).for_each(|clause| bits.insert(clause));
            bits
        };
        (0..DIMENSIONS).map(|_| (0..WIDTH).map(|_| option()).collect()).collect()
    }

    fn is_survived_by_none(options: &[Vec<Bits>], chosen: &[usize], avoided: &Bits) -> bool {
        let of = options.iter().zip(chosen).map(|(options, chosen)| &options[*chosen]);
        of.fold(avoided.clone(), |live, option| live.and(option)).is_empty()
    }

    fn brute_force(options: &[Vec<Bits>], avoided: &Bits) -> bool {
        (0..WIDTH.pow(4)).any(|number| {
            let chosen: Vec<usize> = (0..4).map(|digit| number / WIDTH.pow(digit) % WIDTH).collect();
            is_survived_by_none(options, &chosen, avoided)
        })
    }

    #[test]
    fn what_is_found_is_what_brute_force_finds_and_a_smaller_budget_never_changes_it() {
        let [mut found_some, mut found_none, mut stopped] = [0; 3];
        for seed in 0..600 {
            let clauses = 1 + usize::try_from(seed % 90).unwrap();
            let options = random_options(seed, clauses, 30 + seed % 65);
            let mut avoided = Bits::none(clauses.div_ceil(64));
            (0..clauses).for_each(|clause| avoided.insert(clause));
            let borrowed: Options<'_> = options.iter().map(|options| options.iter().collect()).collect();
            let expected = brute_force(&options, &avoided);
            let mut budget = 4;
            loop {
                let answer = find(&borrowed, &avoided, &Budget::of(budget));
                budget *= 2;
                let Ok(answer) = answer else {
                    stopped += 1;
                    continue;
                };
                assert_eq!(answer.is_some(), expected, "seed {seed}");
                assert!(
                    answer.is_none_or(|chosen| is_survived_by_none(&options, &chosen, &avoided)),
                    "seed {seed}"
                );
                break;
            }
            *(if expected { &mut found_some } else { &mut found_none }) += 1;
        }
        assert!(
            found_some > 100 && found_none > 100 && stopped > 1000,
            "{found_some} {found_none} {stopped}"
        );
    }
}
