//! A request that borrows its texts, for example from a line of a log, so that nothing is copied to decide it.

use crate::policy::decide::decision::{Request, Resource, Target};

/// As [`Request`], borrowed. `G` is the type of the user's groups: `&str`, `String`, `Cow<str>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRef<'a, G = &'a str> {
    /// See [`Request::user`].
    pub user: Option<UserRef<'a, G>>,
    /// See [`Request::verb`].
    pub verb: &'a str,
    /// See [`Request::target`].
    pub target: TargetRef<'a>,
}

/// As [`User`](crate::policy::User), borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserRef<'a, G = &'a str> {
    /// The name.
    pub name: &'a str,
    /// The groups.
    pub groups: &'a [G],
}

/// As [`Target`], borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRef<'a> {
    /// A path that is not about a resource.
    Path(&'a str),
    /// A resource of the API.
    Resource(ResourceRef<'a>),
}

/// As [`Resource`], borrowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceRef<'a> {
    /// See [`Resource::group`].
    pub group: &'a str,
    /// See [`Resource::resource`].
    pub resource: &'a str,
    /// See [`Resource::subresource`].
    pub subresource: &'a str,
    /// See [`Resource::namespace`].
    pub namespace: &'a str,
    /// See [`Resource::name`].
    pub name: &'a str,
}

impl<'a> From<&'a Request> for RequestRef<'a, String> {
    fn from(request: &'a Request) -> Self {
        Self {
            user: request.user.as_ref().map(|user| UserRef { name: &user.name, groups: &user.groups }),
            verb: &request.verb,
            target: match &request.target {
                Target::Path(path) => TargetRef::Path(path),
                Target::Resource(resource) => TargetRef::Resource(resource.into()),
            },
        }
    }
}

impl<'a> From<&'a Resource> for ResourceRef<'a> {
    fn from(resource: &'a Resource) -> Self {
        Self {
            group: &resource.group,
            resource: &resource.resource,
            subresource: &resource.subresource,
            namespace: &resource.namespace,
            name: &resource.name,
        }
    }
}
