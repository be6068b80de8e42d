//! From the atoms of a request to a request that people recognise.

use crate::policy::builtin::{self, Builtin};
use crate::policy::decide::{Request, Resource, Target, User};
use crate::policy::space::{Dimension, Space};

impl Space {
    /// The request with these atoms; a dimension that is not named has its last atom, which is the least special one.
    pub(super) fn request(&self, chosen: &[(usize, usize)]) -> Request {
        let atom_of = |dimension: Dimension| {
            let index = self.index(dimension);
            let last = self.width(index).saturating_sub(1);
            chosen.iter().find(|(of, _)| *of == index).map_or(last, |(_, atom)| *atom)
        };
        let value_of = |dimension: Dimension| -> String {
            let atoms = self.atoms.get(self.index(dimension));
            atoms.and_then(|atoms| atoms.get(atom_of(dimension))).cloned().unwrap_or_default()
        };
        let is_chosen = |index: usize| chosen.contains(&(self.index(Dimension::UserGroup(index)), 1));
        let groups = self.user_groups.iter().enumerate().filter(|(index, _)| is_chosen(*index));
        let user = User {
            name: value_of(Dimension::User),
            groups: groups.map(|(_, group)| group.clone()).collect(),
        };
        let kind = chosen.iter().find(|(of, _)| *of == 0).map_or(0, |(_, atom)| *atom);
        let target = if kind == 1 {
            Target::Path(value_of(Dimension::Path))
        } else {
            let mut resource = Resource {
                group: value_of(Dimension::Group),
                resource: value_of(Dimension::Resource),
                subresource: self
                    .usual(chosen, Dimension::Subresource)
                    .unwrap_or_else(|| value_of(Dimension::Subresource)),
                namespace: value_of(Dimension::Namespace),
                name: value_of(Dimension::Name),
            };
            self.make_plausible(&mut resource);
            Target::Resource(resource)
        };
        let user = (atom_of(Dimension::User) != 0).then_some(user);
        Request { user, verb: value_of(Dimension::Verb), target }
    }

    /// Lets a resource that exists stand for any other, and none for the namespace of what is in none, where the policies
    /// cannot tell the difference.
    fn make_plausible(&self, resource: &mut Resource) {
        let mentions = |dimension: Dimension, value: &str| {
            let atoms = self.atoms.get(self.index(dimension));
            atoms.and_then(|atoms| atoms.split_last()).is_some_and(|(_, it)| it.iter().any(|it| it == value))
        };
        let is_other = !self.is_scoped && !mentions(Dimension::Resource, &resource.resource);
        if is_other && builtin::find(&resource.group, &resource.resource).is_none() {
            let of_group = |known: &&Builtin| {
                known.group == resource.group && !mentions(Dimension::Resource, known.resource)
            };
            if let Some(known) = builtin::all().iter().find(of_group) {
                known.resource.clone_into(&mut resource.resource);
            }
        }
        let known = builtin::find(&resource.group, &resource.resource);
        let is_other =
            !mentions(Dimension::Namespace, &resource.namespace) && !mentions(Dimension::Namespace, "");
        if is_other && known.is_some_and(|known| !known.is_namespaced) {
            resource.namespace.clear();
        }
    }

    /// The value that a dimension has which nothing looked at, where that is not its last atom.
    fn usual(&self, chosen: &[(usize, usize)], dimension: Dimension) -> Option<String> {
        let index = self.index(dimension);
        let is_free = !chosen.iter().any(|(of, _)| *of == index) && self.width(index) > 1;
        is_free.then(String::new)
    }
}
