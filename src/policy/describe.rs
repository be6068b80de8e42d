//! A request in the words in which kubectl is asked for it.

use crate::policy::builtin;
use crate::policy::decide::{Request, Resource, Target};

/// For example `get pods/log web -n default by alice (devs)`, or `get /healthz by nobody`.
#[must_use]
pub fn describe_request(request: &Request) -> String {
    let who = match &request.user {
        None => "nobody".to_owned(),
        Some(user) if user.groups.is_empty() => user.name.clone(),
        Some(user) => format!("{} ({})", user.name, user.groups.join(", ")),
    };
    let verb = if request.verb.is_empty() { "\"\"" } else { &request.verb };
    match &request.target {
        Target::Path(path) => format!("{verb} {path} by {who}"),
        Target::Resource(resource) => format!("{verb} {} by {who}", describe_resource(resource)),
    }
}

fn describe_resource(resource: &Resource) -> String {
    let mut words = resource.resource.clone();
    if !resource.group.is_empty() {
        words = format!("{words}.{}", resource.group);
    }
    if !resource.subresource.is_empty() {
        words = format!("{words}/{}", resource.subresource);
    }
    if !resource.name.is_empty() {
        words = format!("{words} {}", resource.name);
    }
    let is_namespaced =
        builtin::find(&resource.group, &resource.resource).is_none_or(|known| known.is_namespaced);
    if resource.namespace.is_empty() {
        if is_namespaced { format!("{words} --all-namespaces") } else { words }
    } else {
        format!("{words} -n {}", resource.namespace)
    }
}
