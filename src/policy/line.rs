//! Requests and decisions as lines of JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::policy::borrowed::{RequestRef, ResourceRef, TargetRef, UserRef};
use crate::policy::decide::Decision;
use crate::policy::model::Stage;

/// A request, as `--requests` reads it. What is missing is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestLine<'a> {
    /// The user's name.
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    /// The user's groups.
    #[serde(borrow)]
    pub groups: Vec<Cow<'a, str>>,
    /// There is no user.
    pub no_user: bool,
    /// See [`RequestRef::verb`].
    #[serde(borrow)]
    pub verb: Cow<'a, str>,
    /// See [`ResourceRef::namespace`].
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    /// See [`ResourceRef::group`].
    #[serde(borrow)]
    pub api_group: Cow<'a, str>,
    /// See [`ResourceRef::resource`].
    #[serde(borrow)]
    pub resource: Cow<'a, str>,
    /// See [`ResourceRef::subresource`].
    #[serde(borrow)]
    pub subresource: Cow<'a, str>,
    /// See [`ResourceRef::name`].
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The path of a request that is not about a resource.
    #[serde(borrow)]
    pub path: Cow<'a, str>,
    /// Whether it is about a resource; without it, whether it names one.
    pub resource_request: Option<bool>,
}

impl RequestLine<'_> {
    /// The request of the line, whose texts it borrows.
    #[must_use]
    pub fn request(&self) -> RequestRef<'_, Cow<'_, str>> {
        let is_resource = self.resource_request.unwrap_or(!self.resource.is_empty());
        let target = if is_resource {
            TargetRef::Resource(ResourceRef {
                group: &self.api_group,
                resource: &self.resource,
                subresource: &self.subresource,
                namespace: &self.namespace,
                name: &self.name,
            })
        } else {
            TargetRef::Path(&self.path)
        };
        let user = UserRef { name: &self.user, groups: &self.groups };
        RequestRef { user: (!self.no_user).then_some(user), verb: &self.verb, target }
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
            omit_stages: decision.omit_stages.iter().map(Stage::name).collect(),
            omit_managed_fields: decision.omit_managed_fields,
            rule: decision.rule,
        }
    }
}
