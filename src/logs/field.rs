//! The fields of an event that can be shown.

use crate::event::{Event, Text};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// When it was written.
    Time,
    /// When the request arrived.
    Received,
    /// The time between these two.
    Latency,
    /// The audit level.
    Level,
    /// The stage of the request.
    Stage,
    /// The response code.
    Code,
    /// The message of the response.
    Message,
    /// The verb.
    Verb,
    /// The authenticated user.
    User,
    /// The user's groups.
    Groups,
    /// The impersonated user.
    As,
    /// The user, and the impersonated user if there is one.
    Who,
    /// `deployments.apps/scale`, or the path of a request that is not about a resource.
    Resource,
    /// The namespace.
    Namespace,
    /// The object's name.
    Name,
    /// Namespace and name: `shop/web`.
    Object,
    /// Path and query as they were sent.
    Uri,
    /// The source addresses.
    SourceIps,
    /// The client's `User-Agent`.
    UserAgent,
    /// `allow` or `forbid`.
    Decision,
    /// The reason for the decision.
    Reason,
    /// The same in all events of a request.
    AuditId,
    /// The size of the event in the log, in bytes.
    Bytes,
}

impl Field {
    /// All fields, with their names on the command line.
    pub const ALL: [(Self, &'static str); 23] = [
        (Self::Time, "time"),
        (Self::Received, "received"),
        (Self::Latency, "latency"),
        (Self::Level, "level"),
        (Self::Stage, "stage"),
        (Self::Code, "code"),
        (Self::Message, "message"),
        (Self::Verb, "verb"),
        (Self::User, "user"),
        (Self::Groups, "groups"),
        (Self::As, "as"),
        (Self::Who, "who"),
        (Self::Resource, "resource"),
        (Self::Namespace, "namespace"),
        (Self::Name, "name"),
        (Self::Object, "object"),
        (Self::Uri, "uri"),
        (Self::SourceIps, "source-ips"),
        (Self::UserAgent, "user-agent"),
        (Self::Decision, "decision"),
        (Self::Reason, "reason"),
        (Self::AuditId, "audit-id"),
        (Self::Bytes, "bytes"),
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    /// The text of the field; empty if the event does not contain it.
    #[must_use]
    pub fn of<'e>(self, event: &'e Event<'e>) -> Cow<'e, str> {
        let object = event.object_ref.as_ref();
        match self {
            Self::Time => event.written_at().into(),
            Self::Received => event.received_at().into(),
            Self::Latency => latency(event).into(),
            Self::Level => event.level.name().into(),
            Self::Stage => event.stage.name().into(),
            Self::Code => code(event).map_or_else(String::new, |code| code.to_string()).into(),
            Self::Message => read::<Status<'_>>(event.response_status).message.to_string().into(),
            Self::Verb => (&*event.verb).into(),
            Self::User => (&*event.user.username).into(),
            Self::Groups => joined(&event.user.groups).into(),
            Self::As => impersonated(event).username.to_string().into(),
            Self::Who => who(event),
            Self::Resource => resource(event),
            Self::Namespace => object.map_or("", |object| &object.namespace).into(),
            Self::Name => object.map_or("", |object| &object.name).into(),
            Self::Object => match object {
                Some(object) if object.namespace.is_empty() => (&*object.name).into(),
                Some(object) => format!("{}/{}", object.namespace, object.name).into(),
                None => "".into(),
            },
            Self::Uri => (&*event.request_uri).into(),
            Self::SourceIps => joined(&source_ips(event)).into(),
            Self::UserAgent => (&*event.user_agent).into(),
            Self::Decision => annotation(event, "authorization.k8s.io/decision").to_string().into(),
            Self::Reason => annotation(event, "authorization.k8s.io/reason").to_string().into(),
            Self::AuditId => (&*event.audit_id).into(),
            Self::Bytes => event.json.len().to_string().into(),
        }
    }
}

/// The response code; `None` for an event before the response.
pub(super) fn code(event: &Event<'_>) -> Option<u16> {
    read::<Status<'_>>(event.response_status).code
}

/// The source addresses of the request.
pub(super) fn source_ips<'e>(event: &Event<'e>) -> Vec<Text<'e>> {
    read(event.source_ips)
}

/// The impersonated user; its name is empty if the request impersonates nobody.
pub(super) fn impersonated<'e>(event: &Event<'e>) -> crate::event::User<'e> {
    read(event.impersonated_user)
}

/// The annotation of this name, written by a plugin of the API server (`authorization.go` in
/// `apiserver/pkg/endpoints/filters`).
pub(super) fn annotation<'e>(event: &Event<'e>, name: &'static str) -> Text<'e> {
    read::<BTreeMap<Text<'e>, Text<'e>>>(event.annotations).remove(&Text::from(name)).unwrap_or_default()
}

/// The path as the client sent it, without the query.
pub(super) fn path<'e>(event: &'e Event<'_>) -> &'e str {
    let uri = &*event.request_uri;
    uri.split_once('?').map_or(uri, |(path, _)| path)
}

/// Parses a member that is kept as raw JSON; the default if it has the wrong type.
fn read<'e, T: Deserialize<'e> + Default>(json: Option<&'e RawValue>) -> T {
    json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    code: Option<u16>,
    #[serde(borrow)]
    message: Text<'a>,
}

fn who<'e>(event: &'e Event<'e>) -> Cow<'e, str> {
    let other = impersonated(event).username;
    let user = &*event.user.username;
    if other.is_empty() { user.into() } else { format!("{user} as {other}").into() }
}

fn resource<'e>(event: &'e Event<'e>) -> Cow<'e, str> {
    let Some(object) = &event.object_ref else { return path(event).into() };
    let group = object.api_group();
    if group.is_empty() && object.subresource.is_empty() {
        return (&*object.resource).into();
    }
    let mut text = object.resource.to_string();
    for (sign, part) in [('.', group), ('/', &*object.subresource)] {
        if !part.is_empty() {
            text.push(sign);
            text.push_str(part);
        }
    }
    text.into()
}

/// Group names from LDAP contain spaces and commas.
fn joined(texts: &[Text<'_>]) -> String {
    texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(";")
}

/// In milliseconds: `12.345ms`.
fn latency(event: &Event<'_>) -> String {
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let Some((from, to)) = moment(event.received_at()).zip(moment(event.written_at())) else {
        return String::new();
    };
    let microseconds = to.duration_since(from).as_micros();
    let sign = if microseconds < 0 { "-" } else { "" };
    let microseconds = microseconds.unsigned_abs();
    format!("{sign}{}.{:03}ms", microseconds / 1000, microseconds % 1000)
}
