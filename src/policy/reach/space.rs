//! The clauses of some rules, indexed by the values that they take.
//!
//! A rule compares an attribute of a request with the values that it mentions. So for each attribute, the mentioned
//! values and one value that represents all others are enough. Paths are distinguished by the longest prefix that a
//! rule mentions.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::policy::decide::clause::Clause;
use crate::policy::model::VERBS;
use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{STEPS_OF_A_VALUE, TooComplex, check_size};
use crate::policy::reach::values::{Shape, fresh, other, shapes};

/// The clauses, indexed by the values of every attribute.
#[derive(Debug)]
pub(super) struct Space<'p> {
    /// The length of a set of clauses, in units of 64.
    pub(super) size: usize,
    pub(super) resources: Resources<'p>,
    pub(super) paths: Paths<'p>,
    pub(super) api_groups: Table<'p>,
    pub(super) names: Table<'p>,
    pub(super) namespaces: Table<'p>,
    pub(super) verbs: Table<'p>,
    pub(super) users: Table<'p>,
    pub(super) user_groups: Table<'p>,
}

impl<'p> Space<'p> {
    /// # Errors
    ///
    /// The tables would be too large.
    pub(super) fn of(clauses: &[Clause<'p>]) -> Result<Self, TooComplex> {
        Ok(Self {
            size: clauses.len().div_ceil(64),
            resources: Resources::of(clauses)?,
            paths: Paths::of(clauses)?,
            api_groups: Table::of(clauses, |it| &it.api_groups, &["", "apps", "batch", "example.com"])?,
            names: Table::of(clauses, |it| &it.names, &["", "web", "app"])?,
            namespaces: Table::of(clauses, |it| &it.namespaces, &["default", "team-a", "team-b"])?,
            verbs: Table::of(clauses, |it| &it.verbs, &VERBS)?,
            users: Table::of(clauses, |it| &it.users, &["alice", "bob", "carol"])?,
            user_groups: Table::of(clauses, |it| &it.user_groups, &[])?,
        })
    }
}

/// An attribute that is compared by equality.
#[derive(Debug)]
pub(super) struct Table<'p> {
    /// The clauses that take any value.
    free: Bits,
    /// The clauses that take a value, including those in `free`.
    named: HashMap<&'p str, Bits>,
    /// A value that no clause names.
    pub(super) other: String,
}

impl<'p> Table<'p> {
    fn of(
        clauses: &[Clause<'p>],
        values: for<'c> fn(&'c Clause<'p>) -> &'c [&'p str],
        usual: &[&str],
    ) -> Result<Self, TooComplex> {
        let mentioned: BTreeSet<&str> = clauses.iter().flat_map(|it| values(it).iter().copied()).collect();
        let free = select(clauses, |clause| values(clause).is_empty());
        check_size(mentioned.len(), &free)?;
        let mut named = HashMap::new();
        for (index, clause) in clauses.iter().enumerate() {
            for value in values(clause) {
                named.entry(*value).or_insert_with(|| free.clone()).insert(index);
            }
        }
        Ok(Self { other: other(&mentioned, usual), free, named })
    }

    /// The clauses that take the value.
    pub(super) fn taking(&self, value: &str) -> &Bits {
        self.named.get(value).unwrap_or(&self.free)
    }
}

/// The resource of a request.
#[derive(Debug)]
pub(super) struct Resources<'p> {
    /// The clauses that take any resource.
    free: Bits,
    by_shape: HashMap<Shape<'p>, Bits>,
    /// A resource that no clause names.
    pub(super) other: String,
    /// A subresource that no clause names.
    pub(super) other_subresource: String,
}

impl<'p> Resources<'p> {
    fn of(clauses: &[Clause<'p>]) -> Result<Self, TooComplex> {
        let free = select(clauses, |clause| clause.resources.is_empty() && clause.urls.is_empty());
        let shapes_of = |clause: &Clause<'p>| -> Vec<Shape<'p>> {
            clause.resources.iter().flat_map(|pattern| shapes(pattern)).collect()
        };
        let mentioned: BTreeSet<Shape<'_>> = clauses.iter().flat_map(shapes_of).collect();
        check_size(mentioned.len(), &free)?;
        let mut by_shape = HashMap::new();
        for (index, clause) in clauses.iter().enumerate() {
            for shape in shapes_of(clause) {
                by_shape.entry(shape).or_insert_with(|| free.clone()).insert(index);
            }
        }
        let resources = mentioned.iter().filter_map(|shape| shape.resource).collect();
        let subresources = mentioned.iter().filter_map(|shape| shape.subresource).collect();
        Ok(Self {
            free,
            by_shape,
            other: other(&resources, &["pods", "services", "widgets"]),
            other_subresource: other(&subresources, &["status", "scale", "proxy"]),
        })
    }

    /// The clauses that take the resource; `None` is a value that no clause names.
    pub(super) fn taking(&self, asked: Shape<'_>) -> Bits {
        let any_resource = Shape { resource: None, ..asked };
        let any_subresource = Shape { subresource: None, ..asked };
        let shapes = [asked, any_resource, any_subresource];
        let taking = shapes.iter().filter_map(|shape| self.by_shape.get(shape));
        taking.fold(self.free.clone(), |all, taking| all.or(taking))
    }
}

/// Paths that are not about resources.
#[derive(Debug)]
pub(super) struct Paths<'p> {
    /// The clauses that take any path.
    free: Bits,
    /// The clauses by their exact patterns.
    by_pattern: HashMap<&'p str, Bits>,
    /// The clauses by the prefix before a final star.
    by_prefix: HashMap<&'p str, Bits>,
    /// The lengths of the prefixes, in bytes.
    lengths: BTreeSet<usize>,
    /// A text that no pattern contains.
    fresh: String,
}

impl<'p> Paths<'p> {
    fn of(clauses: &[Clause<'p>]) -> Result<Self, TooComplex> {
        let free = select(clauses, |clause| !clause.is_of_resources && clause.urls.is_empty());
        let patterns: BTreeSet<&str> = clauses.iter().flat_map(|it| it.urls.iter().copied()).collect();
        check_size(patterns.len(), &free)?;
        let [mut by_pattern, mut by_prefix] = [HashMap::new(), HashMap::new()];
        for (index, clause) in clauses.iter().enumerate() {
            for pattern in clause.urls.iter().copied() {
                by_pattern.entry(pattern).or_insert_with(|| free.clone()).insert(index);
                let prefix = pattern.trim_end_matches('*');
                if prefix.len() < pattern.len() {
                    by_prefix.entry(prefix).or_insert_with(|| free.clone()).insert(index);
                }
            }
        }
        let lengths = by_prefix.keys().map(|prefix| prefix.len()).collect();
        Ok(Self { free, by_pattern, by_prefix, lengths, fresh: fresh(&patterns) })
    }

    /// The cost of finding the clauses that take a path.
    pub(super) fn steps(&self, size: usize) -> usize {
        self.lengths.len() * (STEPS_OF_A_VALUE + size)
    }

    /// A path that no pattern matches, except patterns that match every path.
    pub(super) fn other(&self) -> String {
        format!("/{}", self.fresh)
    }

    /// A path that the pattern matches and as few other patterns as possible; `None` if no request has such a path.
    pub(super) fn example<'u>(&self, pattern: &'u str) -> Option<Cow<'u, str>> {
        let prefix = pattern.trim_end_matches('*');
        if prefix.is_empty() && pattern.ends_with('*') {
            return Some(self.other().into());
        }
        // The path for the prefix must not be one that another pattern names exactly.
        let is_named = pattern.ends_with('*') && self.by_pattern.contains_key(prefix);
        let path = if is_named { format!("{prefix}{}", self.fresh).into() } else { prefix.into() };
        prefix.starts_with('/').then_some(path)
    }

    /// The clauses that take the path.
    pub(super) fn taking(&self, path: &str) -> Bits {
        let prefixes = self.lengths.range(..=path.len()).filter_map(|length| path.get(..*length));
        let of_prefixes = prefixes.filter_map(|prefix| self.by_prefix.get(prefix));
        let matching = of_prefixes.chain(self.by_pattern.get(path));
        matching.fold(self.free.clone(), |all, clauses| all.or(clauses))
    }
}

/// The set of clauses for which `is_in` is true.
fn select<'p>(clauses: &[Clause<'p>], is_in: impl Fn(&Clause<'p>) -> bool) -> Bits {
    let mut bits = Bits::none(clauses.len().div_ceil(64));
    let chosen = clauses.iter().enumerate().filter(|(_, clause)| is_in(clause));
    chosen.for_each(|(index, _)| bits.insert(index));
    bits
}
