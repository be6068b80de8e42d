//! A posted body → events.

use super::Rejection;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The versions of the event format that API servers still send (`k8s.io/apiserver/pkg/apis/audit`); v1alpha1 ended with
/// 1.24, and its events have other fields.
const VERSIONS: [&str; 2] = ["audit.k8s.io/v1", "audit.k8s.io/v1beta1"];

/// The events of one body. They borrow from it.
#[derive(Debug)]
pub struct Batch<'a> {
    /// `audit.k8s.io/v1` or `audit.k8s.io/v1beta1`.
    pub version: &'a str,
    /// In their order.
    pub events: Vec<Item<'a>>,
}

/// One event, as it came and as it is read.
#[derive(Debug)]
pub struct Item<'a> {
    /// Its JSON, unchanged.
    pub(super) raw: &'a str,
    /// What of it is written in lines and tables.
    pub(super) event: Event<'a>,
}

#[derive(Deserialize)]
struct EventList<'a> {
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, rename = "apiVersion")]
    version: Cow<'a, str>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// The fields of an event that are written in lines and tables. All are there in what the API server sends, unless they are
/// optional in its own type; a test or another sender may leave out any.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event<'a> {
    /// Of this item itself: in a list it is left out.
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) level: Cow<'a, str>,
    #[serde(borrow, rename = "auditID")]
    pub(super) audit_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) stage: Cow<'a, str>,
    #[serde(borrow, rename = "requestURI")]
    pub(super) request_uri: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) verb: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) user: User<'a>,
    #[serde(borrow)]
    pub(super) impersonated_user: Option<User<'a>>,
    #[serde(borrow, rename = "sourceIPs")]
    pub(super) source_ips: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(super) object_ref: Option<ObjectRef<'a>>,
    pub(super) response_status: Option<ResponseStatus>,
    #[serde(borrow)]
    pub(super) stage_timestamp: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) request_received_timestamp: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) annotations: Option<Annotations<'a>>,
}

/// A text of a list, which borrows as the text of a field does.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What the authorizer has added (`k8s.io/apiserver/pkg/endpoints/filters/authorization.go`); all others are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotations<'a> {
    #[serde(borrow, rename = "authorization.k8s.io/decision")]
    pub(super) decision: Cow<'a, str>,
    #[serde(borrow, rename = "authorization.k8s.io/reason")]
    pub(super) reason: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) username: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ObjectRef<'a> {
    #[serde(borrow)]
    pub(super) resource: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) api_group: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) subresource: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseStatus {
    pub(super) code: i64,
}

/// Reads a body.
///
/// # Errors
/// It is no JSON, no `EventList` of a known version, or an item of it is no event. Nothing of such a body is taken: the API
/// server sends none, and half a batch would be neither refused nor written.
pub fn read(body: &[u8]) -> Result<Batch<'_>, Rejection> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let list: EventList<'_> = serde_json::from_slice(body)
        .map_err(|error| if error.is_data() { Rejection::NotEventList } else { Rejection::NotJson })?;
    let version = VERSIONS.into_iter().find(|version| *version == list.version);
    // serde takes a list of values for an object too.
    let version = version
        .filter(|_| list.kind == "EventList" && first == Some(&b'{'))
        .ok_or(Rejection::NotEventList)?;
    let events = list.items.unwrap_or_default().into_iter().enumerate().map(|(index, raw)| {
        let refuse = || Rejection::NotEvent(index);
        let raw = raw.get();
        let event: Event<'_> = serde_json::from_str(raw).map_err(|_| refuse())?;
        let is_event = event.kind.is_empty() || event.kind == "Event";
        (is_event && raw.starts_with('{')).then_some(Item { raw, event }).ok_or_else(refuse)
    });
    Ok(Batch { version, events: events.collect::<Result<_, _>>()? })
}
