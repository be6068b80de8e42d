//! The requests that some clauses take, as options for each attribute.
//!
//! The number of options is minimal: where the clauses take any value, the only option is a value that no other clause
//! names, because a clause that takes this value takes every value. A user's groups are only those that the clauses
//! require: more groups could only meet more clauses.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::policy::decide::clause::Clause;
use crate::policy::decide::decision::matches_path;
use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{Budget, STEPS_OF_A_VALUE, TooComplex, check_size};
use crate::policy::reach::scope::Scope;
use crate::policy::reach::search::Options;
use crate::policy::reach::space::{Space, Table};
use crate::policy::reach::values::{Shape, shapes};

/// Values, each with the clauses that take it.
pub(super) type Values<'t, V> = Vec<(V, Cow<'t, Bits>)>;

/// The requests that some clauses take.
#[derive(Debug, Clone)]
pub(super) struct Target<'t> {
    pub(super) what: Values<'t, What<'t>>,
    pub(super) api_groups: Values<'t, &'t str>,
    pub(super) names: Values<'t, &'t str>,
    pub(super) namespaces: Values<'t, &'t str>,
    pub(super) verbs: Values<'t, &'t str>,
    pub(super) users: Values<'t, &'t str>,
    pub(super) user_groups: Values<'t, Vec<&'t str>>,
}

/// The resource or the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What<'t> {
    /// `None` is a value that no clause names.
    Resource(Shape<'t>),
    Path(Cow<'t, str>),
}

impl<'t> Target<'t> {
    /// The requests that all of `clauses` take. `clauses` must only have values of the space's clauses.
    ///
    /// # Errors
    ///
    /// There are too many options.
    pub(super) fn of(
        space: &'t Space<'_>,
        clauses: &[&Clause<'t>],
        scope: Scope<'t>,
        budget: &Budget,
    ) -> Result<Self, TooComplex> {
        let values: usize = clauses.iter().map(|clause| clause.values()).sum();
        budget.spend(STEPS_OF_A_VALUE * values)?;
        let of = |table: &'t Table<'_>, values: for<'c> fn(&'c Clause<'t>) -> &'c [&'t str]| {
            let lists: Vec<&[&str]> = lists(clauses, values);
            let values = common(&lists).unwrap_or_else(|| vec![table.other.as_str()]);
            values.into_iter().map(|value| (value, Cow::Borrowed(table.taking(value)))).collect()
        };
        let mut api_groups: Values<'t, &str> = of(&space.api_groups, |it| &it.api_groups);
        if let Some((group, ..)) = scope.resource {
            let takes = |it: &&Clause<'_>| it.api_groups.is_empty() || it.api_groups.contains(&group);
            api_groups = vec![(group, Cow::Borrowed(space.api_groups.taking(group)))];
            api_groups.retain(|_| clauses.iter().all(takes));
        }
        let mut target = Self {
            what: Vec::new(),
            api_groups,
            names: of(&space.names, |it| &it.names),
            namespaces: of(&space.namespaces, |it| &it.namespaces),
            verbs: of(&space.verbs, |it| &it.verbs),
            users: of(&space.users, |it| &it.users),
            user_groups: user_groups(&space.user_groups, clauses, budget)?,
        };
        // This is the most expensive step, so it is skipped if the rest is already impossible.
        if target.options().iter().skip(1).all(|options| !options.is_empty()) {
            target.what = what(space, clauses, scope, budget)?;
        }
        Ok(target)
    }

    /// The options of each attribute.
    pub(super) fn options(&self) -> Options<'_> {
        fn sets<'o, V>(values: &'o Values<'_, V>) -> Vec<&'o Bits> {
            values.iter().map(|(_, taking)| taking.as_ref()).collect()
        }
        vec![
            sets(&self.what),
            sets(&self.api_groups),
            sets(&self.names),
            sets(&self.namespaces),
            sets(&self.verbs),
            sets(&self.users),
            sets(&self.user_groups),
        ]
    }
}

/// The non-empty lists of the clauses.
fn lists<'c, 't>(
    clauses: &[&'c Clause<'t>],
    values: for<'x> fn(&'x Clause<'t>) -> &'x [&'t str],
) -> Vec<&'c [&'t str]> {
    clauses.iter().map(|clause| values(clause)).filter(|values| !values.is_empty()).collect()
}

/// The values that are in all lists; `None` if there are no lists.
fn common<'t>(lists: &[&[&'t str]]) -> Option<Vec<&'t str>> {
    let (first, others) = lists.split_first()?;
    let others: Vec<HashSet<&str>> = others.iter().map(|list| list.iter().copied().collect()).collect();
    Some(first.iter().copied().filter(|value| others.iter().all(|list| list.contains(value))).collect())
}

/// Sets with one group of each list; smaller if a group is in several lists.
fn user_groups<'t>(
    table: &'t Table<'_>,
    clauses: &[&Clause<'t>],
    budget: &Budget,
) -> Result<Values<'t, Vec<&'t str>>, TooComplex> {
    let mut choices: Values<'t, Vec<&str>> = vec![(Vec::new(), Cow::Borrowed(table.taking(&table.other)))];
    for list in lists(clauses, |clause| &clause.user_groups) {
        let (mut met, open): (Vec<_>, Vec<_>) =
            choices.into_iter().partition(|(groups, _)| groups.iter().any(|group| list.contains(group)));
        let all = met.len() + open.len().saturating_mul(list.len());
        check_size(all, table.taking(&table.other))?;
        budget.spend(all * table.taking(&table.other).words())?;
        for (groups, taking) in open {
            met.extend(list.iter().map(|group| {
                let groups: Vec<&str> = groups.iter().copied().chain([*group]).collect();
                (groups, Cow::Owned(taking.or(table.taking(group))))
            }));
        }
        choices = met;
    }
    Ok(choices)
}

fn what<'t>(
    space: &'t Space<'_>,
    clauses: &[&Clause<'t>],
    scope: Scope<'t>,
    budget: &Budget,
) -> Result<Values<'t, What<'t>>, TooComplex> {
    let mut found = Vec::new();
    if clauses.iter().all(|clause| clause.urls.is_empty()) {
        let asked = scope.resource.map_or_else(Shape::default, |(_, resource, subresource)| Shape {
            resource: Some(resource),
            subresource: Some(subresource),
        });
        for shape in common_shapes(asked, clauses, space, budget)? {
            let taking = space.resources.taking(shape);
            found.push((What::Resource(shape), Cow::Owned(taking)));
        }
    }
    if scope.resource.is_none() && !clauses.iter().any(|clause| clause.is_of_resources) {
        for path in common_paths(clauses, space, budget)? {
            let taking = space.paths.taking(&path);
            found.push((What::Path(path), Cow::Owned(taking)));
        }
    }
    Ok(found)
}

/// The resources that match a pattern of each clause and are in `asked`.
fn common_shapes<'t>(
    asked: Shape<'t>,
    clauses: &[&Clause<'t>],
    space: &Space<'_>,
    budget: &Budget,
) -> Result<Vec<Shape<'t>>, TooComplex> {
    let mut common = vec![asked];
    for patterns in lists(clauses, |clause| &clause.resources) {
        let others: Vec<Shape<'_>> = patterns.iter().flat_map(|pattern| shapes(pattern)).collect();
        budget.spend(common.len() * others.len())?;
        let with = |shape: &Shape<'t>| -> Vec<Shape<'t>> {
            others.iter().filter_map(|other| shape.and(*other)).collect()
        };
        let mut known = HashSet::new();
        common = common.iter().flat_map(with).filter(|shape| known.insert(*shape)).collect();
    }
    check_size(common.len(), &Bits::none(space.size))?;
    budget.spend(common.len() * space.size)?;
    Ok(common)
}

/// Paths that match a pattern of each clause.
fn common_paths<'t>(
    clauses: &[&Clause<'t>],
    space: &'t Space<'_>,
    budget: &Budget,
) -> Result<Vec<Cow<'t, str>>, TooComplex> {
    let lists = lists(clauses, |clause| &clause.urls);
    if lists.is_empty() {
        return Ok(vec![space.paths.other().into()]);
    }
    let patterns: usize = lists.iter().map(|list| list.len()).sum();
    // A path made from a pattern matches that pattern, so its list need not be checked again.
    let looked_through = if lists.len() == 1 { 0 } else { patterns };
    budget.spend(patterns * (looked_through + space.paths.steps(space.size)))?;
    check_size(patterns, &Bits::none(space.size))?;
    let is_common = |path: &Cow<'_, str>| {
        lists.len() == 1 || lists.iter().all(|list| list.iter().any(|pattern| matches_path(pattern, path)))
    };
    Ok(lists.iter().copied().flatten().filter_map(|it| space.paths.example(it)).filter(is_common).collect())
}
