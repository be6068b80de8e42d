//! All requests, as far as a policy can tell them apart.
//!
//! A policy looks at few attributes of a request, and compares each with the values that it mentions. So for each
//! attribute the mentioned values and one more that stands for anything else are enough: two requests with the same
//! of these *atoms* are decided alike. A path is told apart by the longest prefix that the policy mentions; groups of
//! users are independent of each other, so each is an attribute of its own.
//!
//! What is said of every request here is exact for what [`decide`](crate::policy::decide()) does with requests as
//! the API server makes them: a resource is not empty, it and its subresource contain no slash, and a path begins with one.

use std::collections::BTreeSet;

use crate::policy::atoms::{Shape, VERBS, path_atoms, shapes, with_other, without_first};
use crate::policy::decide::matches_path;
use crate::policy::model::Rule;

/// The attributes of a request, in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Dimension {
    /// Atom 0 is a resource, atom 1 a path.
    Kind,
    Path,
    Group,
    Resource,
    Subresource,
    Name,
    Namespace,
    Verb,
    /// Atom 0 is no user at all.
    User,
    /// Atom 0 is a user outside of this group, atom 1 one of it.
    UserGroup(usize),
}

/// Which atoms of an attribute a condition takes; `None` is all of them.
pub(super) type Atoms = Option<Vec<bool>>;

/// A part of a rule: a condition for each attribute, all of which must hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Region {
    conditions: Vec<(usize, Vec<bool>)>,
}

impl Region {
    fn require(&mut self, dimension: usize, atoms: Atoms) {
        self.conditions.extend(atoms.map(|atoms| (dimension, atoms)));
    }

    /// What is in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self { conditions: self.conditions.iter().chain(&other.conditions).cloned().collect() }
    }

    /// Whether the region has the atom in the dimension.
    pub(super) fn takes(&self, dimension: usize, atom: usize) -> bool {
        self.conditions
            .iter()
            .filter(|(of, _)| *of == dimension)
            .all(|(_, atoms)| atoms.get(atom).copied().unwrap_or(false))
    }

    /// Whether a dimension from `dimension` on matters for the region.
    pub(super) fn is_open_from(&self, dimension: usize) -> bool {
        self.conditions.iter().all(|(of, _)| *of < dimension)
    }

    /// Whether the dimension matters for the region.
    pub(super) fn looks_at(&self, dimension: usize) -> bool {
        self.conditions.iter().any(|(of, _)| *of == dimension)
    }
}

/// A part of all requests to which a question is limited. What is `None` may be anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Requests about this resource of this group, with this subresource or (if it is empty) none.
    pub resource: Option<(&'a str, &'a str, &'a str)>,
}

/// The atoms of each attribute.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) dimensions: Vec<Dimension>,
    /// The values that stand for each atom, in the order of `dimensions`.
    pub(super) atoms: Vec<Vec<String>>,
    pub(super) user_groups: Vec<String>,
    /// Whether the resource is given, so that no other may stand in for it.
    pub(super) is_scoped: bool,
}

impl Space {
    /// The space in which all of these rules can be told apart.
    pub(super) fn of(rules: &[&Rule], scope: Scope<'_>) -> Self {
        let rules = || rules.iter().copied();
        let entries = || rules().flat_map(|rule| &rule.resources);
        let patterns = || entries().flat_map(|entry| &entry.resources);
        let collect =
            |values: &mut dyn Iterator<Item = &String>| -> BTreeSet<String> { values.cloned().collect() };
        let user_groups: Vec<String> =
            collect(&mut rules().flat_map(|rule| &rule.user_groups)).into_iter().collect();

        let (mut resources, mut subresources) = (BTreeSet::new(), BTreeSet::from([String::new()]));
        for pattern in patterns() {
            for shape in shapes(pattern) {
                resources.extend(shape.resource.map(str::to_owned));
                subresources.extend(shape.subresource.map(str::to_owned));
            }
        }
        let mut groups = collect(&mut entries().map(|entry| &entry.group));
        groups.remove("*");
        let mut atoms = vec![vec!["resource".to_owned(), "path".to_owned()], path_atoms(rules())];
        if let Some((group, resource, subresource)) = scope.resource {
            atoms.extend([group, resource, subresource].map(|value| vec![value.to_owned()]));
            if let Some(kinds) = atoms.first_mut() {
                kinds.truncate(1);
            }
        } else {
            atoms.push(with_other(groups, &["", "apps", "batch", "example.com"]));
            atoms.push(with_other(resources, &["pods", "services", "widgets"]));
            atoms.push(with_other(subresources, &["status", "scale", "proxy"]));
        }
        let values = [
            (collect(&mut entries().flat_map(|entry| &entry.resource_names)), &["", "web", "app"][..]),
            (collect(&mut rules().flat_map(|rule| &rule.namespaces)), &["default", "team-a", "team-b"]),
            (collect(&mut rules().flat_map(|rule| &rule.verbs)), &VERBS),
        ];
        atoms.extend(values.map(|(mentioned, usual)| with_other(mentioned, usual)));
        let users =
            with_other(collect(&mut rules().flat_map(|rule| &rule.users)), &["alice", "bob", "carol"]);
        // The first stands for no user at all; its text is never read.
        atoms.push([String::new()].into_iter().chain(users).collect());
        atoms.extend(user_groups.iter().map(|group| vec![String::new(), group.clone()]));

        let mut dimensions = vec![
            Dimension::Kind,
            Dimension::Path,
            Dimension::Group,
            Dimension::Resource,
            Dimension::Subresource,
            Dimension::Name,
            Dimension::Namespace,
            Dimension::Verb,
            Dimension::User,
        ];
        dimensions.extend((0..user_groups.len()).map(Dimension::UserGroup));
        Self { dimensions, atoms, user_groups, is_scoped: scope.resource.is_some() }
    }

    /// The atoms of a dimension, the ones that make the plainest examples first.
    pub(super) fn atoms(&self, dimension: usize) -> Vec<usize> {
        let atoms = 0..self.width(dimension);
        match self.dimensions.get(dimension) {
            Some(Dimension::Kind | Dimension::Subresource | Dimension::UserGroup(_)) => atoms.collect(),
            _ => atoms.rev().collect(),
        }
    }

    /// Whether a request can be in the region.
    pub(super) fn is_possible(&self, region: &Region) -> bool {
        let has_atom =
            |dimension: &usize| (0..self.width(*dimension)).any(|atom| region.takes(*dimension, atom));
        (0..self.len()).filter(|dimension| region.looks_at(*dimension)).all(|dimension| has_atom(&dimension))
    }

    /// How many dimensions there are.
    pub(super) fn len(&self) -> usize {
        self.dimensions.len()
    }

    /// How many atoms the dimension has.
    pub(super) fn width(&self, dimension: usize) -> usize {
        self.atoms.get(dimension).map_or(0, Vec::len)
    }

    /// The rule's requests, as a union of regions.
    pub(super) fn regions(&self, rule: &Rule) -> Vec<Region> {
        let mut base = Region::default();
        let one_of = |dimension: Dimension, values: &[String]| -> Atoms {
            (!values.is_empty())
                .then(|| self.select(dimension, |atom| values.iter().any(|value| value == atom)))
        };
        base.require(self.index(Dimension::Verb), one_of(Dimension::Verb, &rule.verbs));
        let users = one_of(Dimension::User, &rule.users);
        let needs_user = users.is_some() || !rule.user_groups.is_empty();
        let users = users.or_else(|| needs_user.then(|| self.select(Dimension::User, |_| true)));
        base.require(self.index(Dimension::User), users.map(without_first));
        let resource_request = Some(vec![true, false]);
        let mut regions = Vec::new();
        if !rule.namespaces.is_empty() || !rule.resources.is_empty() {
            base.require(0, resource_request);
            base.require(self.index(Dimension::Namespace), one_of(Dimension::Namespace, &rule.namespaces));
            if rule.resources.is_empty() {
                regions.push(base);
            } else {
                for entry in &rule.resources {
                    let mut of_entry = base.clone();
                    let group =
                        (entry.group != "*").then(|| self.select(Dimension::Group, |it| it == entry.group));
                    of_entry.require(self.index(Dimension::Group), group);
                    if entry.resources.is_empty() {
                        regions.push(of_entry);
                        continue;
                    }
                    of_entry
                        .require(self.index(Dimension::Name), one_of(Dimension::Name, &entry.resource_names));
                    for pattern in &entry.resources {
                        regions
                            .extend(shapes(pattern).into_iter().map(|shape| self.shaped(&of_entry, shape)));
                    }
                }
            }
        } else if rule.non_resource_urls.is_empty() {
            regions.push(base);
        } else {
            base.require(0, Some(vec![false, true]));
            let urls = &rule.non_resource_urls;
            let paths = self.select(Dimension::Path, |path| urls.iter().any(|url| matches_path(url, path)));
            base.require(self.index(Dimension::Path), Some(paths));
            regions.push(base);
        }
        self.with_user_groups(regions, &rule.user_groups)
    }

    fn shaped(&self, base: &Region, shape: Shape<'_>) -> Region {
        let mut region = base.clone();
        for (dimension, value) in
            [(Dimension::Resource, shape.resource), (Dimension::Subresource, shape.subresource)]
        {
            region
                .require(self.index(dimension), value.map(|value| self.select(dimension, |it| it == value)));
        }
        region
    }

    /// One of the groups is enough, so each makes regions of its own.
    fn with_user_groups(&self, regions: Vec<Region>, groups: &[String]) -> Vec<Region> {
        if groups.is_empty() {
            return regions;
        }
        let indices = groups.iter().filter_map(|group| self.user_groups.iter().position(|it| it == group));
        let in_group = |index: usize| {
            regions.iter().cloned().map(move |mut region| {
                region.require(self.index(Dimension::UserGroup(index)), Some(vec![false, true]));
                region
            })
        };
        indices.flat_map(in_group).collect()
    }

    fn select(&self, dimension: Dimension, takes: impl Fn(&str) -> bool) -> Vec<bool> {
        let atoms = self.atoms.get(self.index(dimension));
        atoms.map(|atoms| atoms.iter().map(|atom| takes(atom)).collect()).unwrap_or_default()
    }

    pub(super) fn index(&self, dimension: Dimension) -> usize {
        self.dimensions.iter().position(|it| *it == dimension).unwrap_or(usize::MAX)
    }
}
