//! Requests and decisions as lines of JSON.

use serde::{Deserialize, Serialize};

use crate::policy::decide::{Decision, Request, Resource, Target, User};

/// A request, as `--requests` reads it. What is missing is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestLine {
    /// The user's name.
    pub user: String,
    /// The user's groups.
    pub groups: Vec<String>,
    /// There is no user.
    pub no_user: bool,
    /// See [`Request::verb`].
    pub verb: String,
    /// See [`Resource::namespace`].
    pub namespace: String,
    /// See [`Resource::group`].
    pub api_group: String,
    /// See [`Resource::resource`].
    pub resource: String,
    /// See [`Resource::subresource`].
    pub subresource: String,
    /// See [`Resource::name`].
    pub name: String,
    /// The path of a request that is not about a resource.
    pub path: String,
    /// Whether it is about a resource; without it, whether it names one.
    pub resource_request: Option<bool>,
}

impl From<RequestLine> for Request {
    fn from(line: RequestLine) -> Self {
        let is_resource = line.resource_request.unwrap_or(!line.resource.is_empty());
        let target = if is_resource {
            Target::Resource(Resource {
                group: line.api_group,
                resource: line.resource,
                subresource: line.subresource,
                namespace: line.namespace,
                name: line.name,
            })
        } else {
            Target::Path(line.path)
        };
        let user = (!line.no_user).then_some(User { name: line.user, groups: line.groups });
        Self { user, verb: line.verb, target }
    }
}

/// A decision, as `--requests` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionLine {
    /// See [`Decision::level`].
    pub level: &'static str,
    /// See [`Decision::omit_stages`].
    pub omit_stages: Vec<&'static str>,
    /// See [`Decision::omit_managed_fields`].
    pub omit_managed_fields: bool,
    /// The index of the rule that decided, from 0.
    pub rule: Option<usize>,
}

impl From<&Decision> for DecisionLine {
    fn from(decision: &Decision) -> Self {
        Self {
            level: decision.level.name(),
            omit_stages: decision.omit_stages.iter().map(|stage| stage.name()).collect(),
            omit_managed_fields: decision.omit_managed_fields,
            rule: decision.rule,
        }
    }
}
