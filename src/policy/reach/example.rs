//! Converts the chosen options into a readable request.

use crate::policy::builtin;
use crate::policy::decide::decision::{Request, Resource, Target as Asked, User};
use crate::policy::reach::space::Space;
use crate::policy::reach::target::{Target, What};
use crate::policy::reach::values::Shape;

impl Target<'_> {
    /// The request with these options, one of each attribute; `None` if an option does not exist.
    pub(super) fn request(&self, space: &Space<'_>, chosen: &[usize]) -> Option<Request> {
        let [what, api_group, name, namespace, verb, user, user_groups] = chosen else { return None };
        let text = |values: &[(&str, _)], chosen: &usize| Some(values.get(*chosen)?.0.to_owned());
        let target = match &self.what.get(*what)?.0 {
            What::Path(path) => Asked::Path(path.clone().into_owned()),
            What::Resource(Shape { resource, subresource }) => Asked::Resource(Resource {
                group: text(&self.api_groups, api_group)?,
                resource: resource.unwrap_or(&space.resources.other).to_owned(),
                subresource: subresource.unwrap_or(&space.resources.other_subresource).to_owned(),
                namespace: text(&self.namespaces, namespace)?,
                name: text(&self.names, name)?,
            }),
        };
        let groups = self.user_groups.get(*user_groups)?.0.iter().map(ToString::to_string).collect();
        let user = Some(User { name: text(&self.users, user)?, groups });
        Some(Request { user, verb: text(&self.verbs, verb)?, target })
    }
}

/// Simplifies the request as long as it is still an example: without a subresource, for a resource that exists, and
/// without a namespace if the resource is not namespaced.
pub(super) fn make_plain(request: &mut Request, is_example: impl Fn(&Request) -> bool) {
    let mut improve = |change: &dyn Fn(&mut Resource)| {
        let mut plainer = request.clone();
        if let Asked::Resource(resource) = &mut plainer.target {
            change(resource);
        }
        if is_example(&plainer) {
            *request = plainer;
        }
    };
    improve(&|it| it.subresource.clear());
    improve(&|it| {
        let of_group = || builtin::all().iter().filter(|known| known.group == it.group);
        let known = of_group().find(|known| known.resource == it.resource).or_else(|| of_group().next());
        if let Some(known) = known {
            known.resource.clone_into(&mut it.resource);
        }
    });
    improve(&|it| {
        if builtin::find(&it.group, &it.resource).is_some_and(|known| !known.is_namespaced) {
            it.namespace.clear();
        }
    });
}
