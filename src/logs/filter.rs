//! The conditions that select events.

use super::field::{annotation, code, impersonated, path, source_ips};
use super::pattern::{Pattern, ResourcePattern};
use super::term::{Choice, Codes, Network};
use crate::event::Event;
use crate::policy::{Level, Stage};
use jiff::Timestamp;

/// All conditions must be met. The default selects every event.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Names of users: the authenticated user or the impersonated one.
    pub users: Choice<Pattern>,
    /// Groups of either user.
    pub groups: Choice<Pattern>,
    /// Verbs.
    pub verbs: Choice<Pattern>,
    /// Resources and paths.
    pub resources: Choice<ResourcePattern>,
    /// Namespaces; empty for requests without a namespace.
    pub namespaces: Choice<Pattern>,
    /// Names of objects.
    pub names: Choice<Pattern>,
    /// Levels.
    pub levels: Choice<Level>,
    /// Stages.
    pub stages: Choice<Stage>,
    /// Response codes; an event without a response has no code.
    pub codes: Choice<Codes>,
    /// Request ids.
    pub audit_ids: Choice<Pattern>,
    /// Source addresses: any address of the event may match.
    pub source_ips: Choice<Network>,
    /// Written at this time or later. `since` and `until` exclude events without a time.
    pub since: Option<Timestamp>,
    /// Written before this time.
    pub until: Option<Timestamp>,
    /// Not authenticated (401), or not authorized (403, or the authorizer's annotation).
    pub is_denied: bool,
}

impl Filter {
    /// Whether the event is selected. Cheap conditions are checked first.
    #[must_use]
    pub fn allows(&self, event: &Event<'_>) -> bool {
        self.levels.allows(|level| *level == event.level)
            && self.stages.allows(|stage| *stage == event.stage)
            && self.verbs.allows(|verb| verb.matches(&event.verb))
            && self.audit_ids.allows(|id| id.matches(&event.audit_id))
            && self.allows_object(event)
            && self.allows_user(event)
            && self.allows_answer(event)
            && self.allows_source(event)
            && self.allows_time(event)
    }

    fn allows_object(&self, event: &Event<'_>) -> bool {
        let object = event.object_ref.as_ref();
        let (namespace, name) = object.map_or(("", ""), |object| (&*object.namespace, &*object.name));
        self.namespaces.allows(|pattern| pattern.matches(namespace))
            && self.names.allows(|pattern| pattern.matches(name))
            && self.resources.allows(|resource| is_about(resource, event))
    }

    fn allows_user(&self, event: &Event<'_>) -> bool {
        if self.users.is_anything() && self.groups.is_anything() {
            return true;
        }
        let other = impersonated(event);
        let is_user = |name: &Pattern| {
            name.matches(&event.user.username)
                || (!other.username.is_empty() && name.matches(&other.username))
        };
        let has_group =
            |name: &Pattern| event.user.groups.iter().chain(&other.groups).any(|group| name.matches(group));
        self.users.allows(is_user) && self.groups.allows(has_group)
    }

    fn allows_answer(&self, event: &Event<'_>) -> bool {
        if self.codes.is_anything() && !self.is_denied {
            return true;
        }
        let code = code(event);
        self.codes.allows(|codes| code.is_some_and(|code| codes.contains(code)))
            && (!self.is_denied || is_denied(event, code))
    }

    fn allows_source(&self, event: &Event<'_>) -> bool {
        if self.source_ips.is_anything() {
            return true;
        }
        let addresses: Vec<_> = source_ips(event).iter().filter_map(|text| text.parse().ok()).collect();
        self.source_ips.allows(|network| addresses.iter().any(|address| network.contains(*address)))
    }

    fn allows_time(&self, event: &Event<'_>) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        let Ok(written) = event.written_at().parse::<Timestamp>() else { return false };
        self.since.is_none_or(|since| since <= written) && self.until.is_none_or(|until| written < until)
    }
}

fn is_about(pattern: &ResourcePattern, event: &Event<'_>) -> bool {
    match (pattern, &event.object_ref) {
        (ResourcePattern::Resource { resource, group, subresource }, Some(object)) => {
            resource.matches(&object.resource)
                && group.as_ref().is_none_or(|group| group.matches(object.api_group()))
                && subresource.as_ref().is_none_or(|subresource| subresource.matches(&object.subresource))
        }
        (ResourcePattern::Path(pattern), None) => pattern.matches(path(event)),
        (ResourcePattern::Resource { .. }, None) | (ResourcePattern::Path(_), Some(_)) => false,
    }
}

/// Whether the authorizer's annotation or the response code says that the client is not authenticated or not
/// authorized. An admission plugin answers 403 as well.
fn is_denied(event: &Event<'_>, code: Option<u16>) -> bool {
    matches!(code, Some(401 | 403)) || &*annotation(event, "authorization.k8s.io/decision") == "forbid"
}
