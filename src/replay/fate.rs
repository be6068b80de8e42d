//! Whether and how a policy would log an event that is in the log.

use crate::event::bodies::{
    managed_bytes_of_request, managed_bytes_of_response, may_have_request, may_have_response,
};
use crate::event::{Asked, Event};
use crate::policy::{Decision, Level};
use serde_json::value::RawValue;

/// The effect of a policy on a logged event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The request is not logged.
    OmittedByLevel,
    /// The request is logged, but not at this stage.
    OmittedByStage,
    /// The event is logged.
    Logged {
        /// Its size with the line feed; a lower bound if a body is not known.
        bytes: u64,
        /// The bodies that it would contain and that are not in the log.
        unknown: Unknown,
    },
}

/// Bodies that an event would have if the request or the response had one, and that were not logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unknown {
    /// The request body.
    pub request: bool,
    /// The response body.
    pub response: bool,
}

/// Applies a decision to an event that takes `bytes` in the log.
///
/// For a lower level, the size is exact: the API server leaves out the bodies and writes everything else unchanged
/// (`apiserver/pkg/audit/request.go`). Members are counted as it writes them, without white space.
#[must_use]
pub fn fate(event: &Event<'_>, asked: &Asked<'_>, bytes: u64, decision: &Decision) -> Fate {
    if decision.level == Level::None {
        return Fate::OmittedByLevel;
    }
    if decision.omit_stages.contains(event.stage) {
        return Fate::OmittedByStage;
    }
    let (logs_request, logs_response) =
        (decision.level >= Level::Request, decision.level >= Level::RequestResponse);
    let mut saved = 0;
    if !logs_request {
        saved += member("requestObject", event.request_object);
    } else if decision.omit_managed_fields {
        saved += managed_bytes_of_request(event);
    }
    if !logs_response {
        saved += member("responseObject", event.response_object);
    } else if decision.omit_managed_fields {
        saved += managed_bytes_of_response(event);
    }
    let unknown = Unknown {
        request: logs_request && event.level < Level::Request && may_have_request(event, asked),
        response: logs_response && event.level < Level::RequestResponse && may_have_response(event, asked),
    };
    let bytes = (bytes + name_bytes(decision.level)).saturating_sub(saved + name_bytes(event.level));
    Fate::Logged { bytes, unknown }
}

/// The size of a member with its key and a comma.
pub(super) fn member(key: &str, value: Option<&RawValue>) -> u64 {
    value.map_or(0, |value| (key.len() + r#""":,"#.len() + value.get().len()) as u64)
}

pub(super) fn name_bytes(level: Level) -> u64 {
    level.name().len() as u64
}
