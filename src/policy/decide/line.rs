//! Requests and decisions as lines of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::policy::decide::borrowed::{RequestRef, ResourceRef, TargetRef, UserRef};
use crate::policy::decide::decision::Decision;
use crate::policy::model::{Level, Stage};

/// A request, as `--requests` reads it. Keys that are missing or null are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// The user's name.
    pub user: Cow<'a, str>,
    /// The user's groups.
    pub groups: Vec<Cow<'a, str>>,
    /// The request has no user.
    pub no_user: bool,
    /// See [`RequestRef::verb`].
    pub verb: Cow<'a, str>,
    /// See [`ResourceRef::namespace`].
    pub namespace: Cow<'a, str>,
    /// See [`ResourceRef::group`].
    pub api_group: Cow<'a, str>,
    /// See [`ResourceRef::resource`].
    pub resource: Cow<'a, str>,
    /// See [`ResourceRef::subresource`].
    pub subresource: Cow<'a, str>,
    /// See [`ResourceRef::name`].
    pub name: Cow<'a, str>,
    /// The path of a request that is not about a resource.
    pub path: Cow<'a, str>,
    /// Whether the request is about a resource; by default, if it names one.
    pub resource_request: Option<bool>,
    /// Unknown keys.
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

/// A text that is borrowed from the line if it has no escapes.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for RequestLine<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Lines)
    }
}

/// Reads one object.
struct Lines;

impl<'de> Visitor<'de> for Lines {
    type Value = RequestLine<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RequestLine<'de>, A::Error> {
        let mut line = RequestLine::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::User => line.user = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Groups => {
                    let groups: Vec<Text<'_>> = or_empty(&mut map)?;
                    line.groups = groups.into_iter().map(|text| text.0).collect();
                }
                Key::NoUser => line.no_user = or_empty(&mut map)?,
                Key::Verb => line.verb = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Namespace => line.namespace = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::ApiGroup => line.api_group = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Resource => line.resource = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Subresource => line.subresource = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Name => line.name = or_empty::<Text<'_>, _>(&mut map)?.0,
                Key::Path => line.path = or_empty::<Text<'_>, _>(&mut map)?.0,
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

impl RequestLine<'_> {
    /// The request of the line, borrowed from it.
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

/// A decision, as `--requests` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DecisionLine {
    /// How much is logged.
    pub level: Level,
    /// The stages at which no event is written.
    pub omit_stages: Vec<Stage>,
    /// Whether `managedFields` are left out of logged bodies.
    pub omit_managed_fields: bool,
    /// The index of the rule that decided, from 0.
    pub rule: Option<usize>,
}

impl From<&Decision> for DecisionLine {
    fn from(decision: &Decision) -> Self {
        Self {
            level: decision.level,
            omit_stages: decision.omit_stages.iter().collect(),
            omit_managed_fields: decision.omit_managed_fields,
            rule: decision.rule,
        }
    }
}
