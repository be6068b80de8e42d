//! An audit event as it was logged.

use crate::event::text::{Text, object, object_or_default, or_default};
use crate::policy::{Level, Stage};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An event of `audit.k8s.io/v1`, `v1beta1` or `v1alpha1`. Members with different names in these versions have one name
/// here.
///
/// It borrows from its line. A member that is missing or `null` is empty; level and stage are always set. Members that
/// are rarely used are kept as raw JSON.
///
/// Fields: `apiserver/pkg/apis/audit/v1/types.go`; the beta versions: `…/v1beta1/conversion.go` and
/// `…/v1alpha1/conversion.go` up to 1.23.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    /// The event's JSON, unchanged.
    #[serde(skip)]
    pub json: &'a str,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) api_version: Text<'a>,
    /// How much of the request was logged; never [`Level::None`].
    #[serde(deserialize_with = "level")]
    pub level: Level,
    /// The stage of the request.
    #[serde(deserialize_with = "stage")]
    pub stage: Stage,
    /// The same in all events of a request.
    #[serde(borrow, default, rename = "auditID", deserialize_with = "or_default")]
    pub audit_id: Text<'a>,
    /// Path and query as the client sent them, percent-encoded.
    #[serde(borrow, default, rename = "requestURI", deserialize_with = "or_default")]
    pub request_uri: Text<'a>,
    /// As the policy saw it: `get`, `list`, …; for a request that is not about a resource, the HTTP method in lower
    /// case.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub verb: Text<'a>,
    /// The authenticated user.
    #[serde(borrow, default, deserialize_with = "object_or_default")]
    pub user: User<'a>,
    /// The impersonated user.
    #[serde(borrow)]
    pub impersonated_user: Option<&'a RawValue>,
    /// The addresses that proxies added to the request's headers, and then the address of the connection. All but the
    /// last are controlled by the client (`Event.SourceIPs`).
    #[serde(borrow, rename = "sourceIPs")]
    pub source_ips: Option<&'a RawValue>,
    /// The client's `User-Agent`.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub user_agent: Text<'a>,
    /// The object of the request; `None` for a request that is not about a resource.
    #[serde(borrow, default, deserialize_with = "object")]
    pub object_ref: Option<ObjectRef<'a>>,
    /// The response's code and reason.
    #[serde(borrow)]
    pub response_status: Option<&'a RawValue>,
    /// The request body, at the levels `Request` and `RequestResponse`.
    #[serde(borrow)]
    pub request_object: Option<&'a RawValue>,
    /// The response body, at the level `RequestResponse`.
    #[serde(borrow)]
    pub response_object: Option<&'a RawValue>,
    /// Annotations from plugins, for example why the request was allowed.
    #[serde(borrow)]
    pub annotations: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    request_received_timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    stage_timestamp: Text<'a>,
    /// The beta versions' `requestReceivedTimestamp`.
    #[serde(borrow, default, deserialize_with = "or_default")]
    timestamp: Text<'a>,
    /// The beta versions' object metadata, for its `creationTimestamp`, which is their `stageTimestamp`.
    #[serde(borrow, default, deserialize_with = "object_or_default")]
    metadata: Metadata<'a>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    creation_timestamp: Text<'a>,
}

/// An authenticated user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    /// The name; empty for an unauthenticated request.
    #[serde(borrow, deserialize_with = "or_default")]
    pub username: Text<'a>,
    /// The groups.
    #[serde(borrow, deserialize_with = "or_default")]
    pub groups: Vec<Text<'a>>,
}

/// The object of a request. For a create, the API server adds what is not in the path from the body (`LogRequestObject`
/// in `apiserver/pkg/audit/request.go`), so this is not always what the policy saw.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectRef<'a> {
    /// Plural, in lower case.
    #[serde(borrow, deserialize_with = "or_default")]
    pub resource: Text<'a>,
    /// For example `log`.
    #[serde(borrow, deserialize_with = "or_default")]
    pub subresource: Text<'a>,
    /// Empty for objects without a namespace and for lists over all of them.
    #[serde(borrow, deserialize_with = "or_default")]
    pub namespace: Text<'a>,
    /// The object's name.
    #[serde(borrow, deserialize_with = "or_default")]
    pub name: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    api_group: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    api_version: Text<'a>,
}

impl Event<'_> {
    /// Whether `kind` is `Event`; an item of a list has no `kind`.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        !self.kind.is_empty()
    }

    /// When the event was written, RFC 3339; empty if the event does not contain it.
    #[must_use]
    pub fn written_at(&self) -> &str {
        [&self.stage_timestamp, &self.metadata.creation_timestamp, &self.request_received_timestamp]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or(&self.timestamp)
    }

    /// When the request arrived, RFC 3339; empty if the event does not contain it.
    #[must_use]
    pub fn received_at(&self) -> &str {
        if self.request_received_timestamp.is_empty() {
            &self.timestamp
        } else {
            &self.request_received_timestamp
        }
    }
}

impl ObjectRef<'_> {
    /// The API group, empty for the core group. v1alpha1 has it before the version: `apps/v1beta1`, `/v1`.
    #[must_use]
    pub fn api_group(&self) -> &str {
        match self.api_version.rsplit_once('/') {
            Some((group, _)) if self.api_group.is_empty() => group,
            _ => &self.api_group,
        }
    }
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let name = Text::deserialize(deserializer)?;
    // Events of this level are never written.
    let logged = Level::find(&name).filter(|level| *level != Level::None);
    logged.ok_or_else(|| D::Error::custom("no level of an event"))
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
    let name = Text::deserialize(deserializer)?;
    Stage::find(&name).ok_or_else(|| D::Error::custom("no stage"))
}
