//! Requests and decisions as lines of JSON.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::policy::decide::{Decision, Request, Resource, Target, User};

/// A request, as `--requests` reads it. What is missing or null is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Keys that mean nothing here.
    pub unknown: Vec<String>,
}

/// The keys of a line.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    User,
    Groups,
    NoUser,
    Verb,
    Namespace,
    ApiGroup,
    Resource,
    Subresource,
    Name,
    Path,
    ResourceRequest,
    Unknown(String),
}

impl<'de> Deserialize<'de> for RequestLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Lines)
    }
}

/// Reads one object.
struct Lines;

impl<'de> Visitor<'de> for Lines {
    type Value = RequestLine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RequestLine, A::Error> {
        let mut line = RequestLine::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::User => line.user = or_empty(&mut map)?,
                Key::Groups => line.groups = or_empty(&mut map)?,
                Key::NoUser => line.no_user = or_empty(&mut map)?,
                Key::Verb => line.verb = or_empty(&mut map)?,
                Key::Namespace => line.namespace = or_empty(&mut map)?,
                Key::ApiGroup => line.api_group = or_empty(&mut map)?,
                Key::Resource => line.resource = or_empty(&mut map)?,
                Key::Subresource => line.subresource = or_empty(&mut map)?,
                Key::Name => line.name = or_empty(&mut map)?,
                Key::Path => line.path = or_empty(&mut map)?,
                Key::ResourceRequest => line.resource_request = map.next_value()?,
                Key::Unknown(key) => {
                    map.next_value::<IgnoredAny>()?;
                    line.unknown.push(key);
                }
            }
        }
        Ok(line)
    }
}

fn or_empty<'de, T: Deserialize<'de> + Default, A: MapAccess<'de>>(map: &mut A) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
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
