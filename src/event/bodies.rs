//! Which bodies an event can have, and how much of them is `managedFields`.
//!
//! The API server logs a request body where it decodes one (`create.go`, `update.go`, `patch.go`, `delete.go` in
//! `apiserver/pkg/endpoints/handlers`) and a response body where it encodes one
//! (`apiserver/pkg/endpoints/handlers/responsewriters/writers.go`, `WriteObjectNegotiated`): objects, lists, the lists
//! of API discovery and errors, but no streams.

use crate::event::model::Event;
use crate::event::request::Asked;
use crate::event::text::or_default;
use crate::policy::Stage;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The start of the member that server-side apply adds to every object.
const MANAGED_FIELDS: &[u8] = br#""managedFields":"#;

/// Whether the request may have had a body that was not logged because of the event's level.
#[must_use]
pub fn may_have_request(event: &Event<'_>, asked: &Asked<'_>) -> bool {
    let writes = matches!(&*event.verb, "create" | "update" | "patch" | "delete" | "deletecollection");
    event.stage != Stage::RequestReceived && event.object_ref.is_some() && writes && !asked.is_long_running()
}

/// Whether the response may have had a body that was not logged because of the event's level.
#[must_use]
pub fn may_have_response(event: &Event<'_>, asked: &Asked<'_>) -> bool {
    if event.stage == Stage::RequestReceived {
        return false;
    }
    let is_discovery = || {
        let path = asked.path();
        path.strip_prefix("/apis")
            .or_else(|| path.strip_prefix("/api"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_object = if event.object_ref.is_some() { !asked.is_long_running() } else { is_discovery() };
    is_object || is_error(event)
}

/// Whether the response is an error. Streams have a body in this case: a `Status`.
fn is_error(event: &Event<'_>) -> bool {
    #[derive(Deserialize)]
    struct Status {
        #[serde(default, deserialize_with = "or_default")]
        code: u16,
    }
    let status = event.response_status.and_then(|status| serde_json::from_str::<Status>(status.get()).ok());
    status.is_some_and(|status| status.code >= 400)
}

/// Whether the event has a body that may contain `managedFields`.
#[must_use]
pub fn may_have_managed_fields(event: &Event<'_>) -> bool {
    let has = |body: &RawValue| memmem::find(body.get().as_bytes(), MANAGED_FIELDS).is_some();
    event.request_object.is_some_and(has) || event.response_object.is_some_and(has)
}

/// The bytes that a policy with `omitManagedFields` saves in a request body. A patch is logged unchanged
/// (`apiserver/pkg/audit/request.go`, `LogRequestPatch`).
#[must_use]
pub fn managed_bytes_of_request(event: &Event<'_>) -> u64 {
    if &*event.verb == "patch" { 0 } else { event.request_object.map_or(0, managed_bytes) }
}

/// The bytes that a policy with `omitManagedFields` saves in a response body.
#[must_use]
pub fn managed_bytes_of_response(event: &Event<'_>) -> u64 {
    event.response_object.map_or(0, managed_bytes)
}

/// The size of `managedFields` in the object, in the items of a list, or in the objects of a table
/// (`copyWithoutManagedFields`). It includes the key and a comma, because an object's metadata always has other
/// members.
fn managed_bytes(body: &RawValue) -> u64 {
    let json = body.get();
    if memmem::find(json.as_bytes(), MANAGED_FIELDS).is_none() {
        return 0;
    }
    let Ok(object) = serde_json::from_str::<Object<'_>>(json) else { return 0 };
    let rows = object.rows.into_iter().filter_map(|row| row.object);
    let objects = object.items.into_iter().chain(rows);
    object.metadata.bytes() + objects.map(|object| object.metadata.bytes()).sum::<u64>()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    metadata: Metadata<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    items: Vec<Item<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    rows: Vec<Row<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    metadata: Metadata<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    object: Option<Item<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    managed_fields: Option<&'a RawValue>,
}

impl Metadata<'_> {
    fn bytes(&self) -> u64 {
        self.managed_fields.map_or(0, |value| (MANAGED_FIELDS.len() + value.get().len() + 1) as u64)
    }
}
