//! An audit event as its line in the log has it.

use crate::event::text::{Text, object, object_or_default, or_default};
use crate::policy::{Level, Stage};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An event of `audit.k8s.io/v1`, `v1beta1` or `v1alpha1`; what these name differently has one name here.
///
/// It borrows from its line. What is not there, or `null`, is empty; level and stage are always there. Members that few
/// ask for are kept as the JSON they are written in.
///
/// Fields: `apiserver/pkg/apis/audit/v1/types.go`; the beta versions: `…/v1beta1/conversion.go` and
/// `…/v1alpha1/conversion.go` up to 1.23.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    /// The event's own JSON as it stands in the log.
    #[serde(skip)]
    pub json: &'a str,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) api_version: Text<'a>,
    /// How much of the request was logged; never [`Level::None`].
    #[serde(deserialize_with = "level")]
    pub level: Level,
    /// At which moment of the request it was written.
    #[serde(deserialize_with = "stage")]
    pub stage: Stage,
    /// The same in all events of a request.
    #[serde(borrow, default, rename = "auditID", deserialize_with = "or_default")]
    pub audit_id: Text<'a>,
    /// Path and query as the client sent them, percent-encoded.
    #[serde(borrow, default, rename = "requestURI", deserialize_with = "or_default")]
    pub request_uri: Text<'a>,
    /// As the policy saw it: `get`, `list`, …; the lower-case HTTP method of a request that is not about a resource.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub verb: Text<'a>,
    /// Who was authenticated.
    #[serde(borrow, default, deserialize_with = "object_or_default")]
    pub user: User<'a>,
    /// As whom they acted.
    #[serde(borrow)]
    pub impersonated_user: Option<&'a RawValue>,
    /// Where from: the addresses that proxies on the way have noted, and the one that connected. All but the last are
    /// what the client says. (`Event.SourceIPs`)
    #[serde(borrow, rename = "sourceIPs")]
    pub source_ips: Option<&'a RawValue>,
    /// What the client calls itself.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub user_agent: Text<'a>,
    /// What it was about; `None` for a path that is no resource.
    #[serde(borrow, default, deserialize_with = "object")]
    pub object_ref: Option<ObjectRef<'a>>,
    /// The answer's code and reason.
    #[serde(borrow)]
    pub response_status: Option<&'a RawValue>,
    /// The request's body, from the level `Request` on.
    #[serde(borrow)]
    pub request_object: Option<&'a RawValue>,
    /// The answer's body, at the level `RequestResponse`.
    #[serde(borrow)]
    pub response_object: Option<&'a RawValue>,
    /// What plugins remarked: why it was allowed, for example.
    #[serde(borrow)]
    pub annotations: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    request_received_timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    stage_timestamp: Text<'a>,
    /// The beta versions' `requestReceivedTimestamp`.
    #[serde(borrow, default, deserialize_with = "or_default")]
    timestamp: Text<'a>,
    /// The beta versions' object metadata, for its `creationTimestamp`, their `stageTimestamp`.
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
    /// The name; empty where nobody was authenticated.
    #[serde(borrow, deserialize_with = "or_default")]
    pub username: Text<'a>,
    /// The groups.
    #[serde(borrow, deserialize_with = "or_default")]
    pub groups: Vec<Text<'a>>,
}

/// What a request was about. The API server fills what the path does not name from the body of a create
/// (`LogRequestObject` in `apiserver/pkg/audit/request.go`), so this is not always what the policy saw.
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
    /// Whether it says that it is an event; in a list it does not.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        !self.kind.is_empty()
    }

    /// When the event was written, RFC 3339; empty where it does not say.
    #[must_use]
    pub fn written_at(&self) -> &str {
        [&self.stage_timestamp, &self.metadata.creation_timestamp, &self.request_received_timestamp]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or(&self.timestamp)
    }

    /// When the request arrived, RFC 3339; empty where it does not say.
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
    // At this level nothing is written.
    let logged = Level::find(&name).filter(|level| *level != Level::None);
    logged.ok_or_else(|| D::Error::custom("no level of an event"))
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
    let name = Text::deserialize(deserializer)?;
    Stage::find(&name).ok_or_else(|| D::Error::custom("no stage"))
}
