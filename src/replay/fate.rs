//! What becomes of a logged event under a policy.

use crate::event::bodies::{
    managed_bytes_of_request, managed_bytes_of_response, may_have_request, may_have_response,
};
use crate::event::{Asked, Event};
use crate::policy::{Decision, Level};
use serde_json::value::RawValue;

/// What a policy does with an event that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its request is not logged.
    OmittedByLevel,
    /// Its request is, but not at this stage.
    OmittedByStage,
    /// It is logged.
    Logged {
        /// Its size with the line feed; where a body is unknown: at least.
        bytes: u64,
        /// What it would have in it that the log has not.
        unknown: Unknown,
    },
}

/// Bodies that an event would have, if the request or its answer had any, and that were not logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unknown {
    /// The request's.
    pub request: bool,
    /// The answer's.
    pub response: bool,
}

/// Applies a decision to an event that takes `bytes` in the log.
///
/// A lower level is exact to the byte: the API server leaves out the bodies and writes everything else alike
/// (`apiserver/pkg/audit/request.go`); members are counted as it writes them, without blanks.
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

/// What a member takes, with its key and a comma.
pub(super) fn member(key: &str, value: Option<&RawValue>) -> u64 {
    value.map_or(0, |value| (key.len() + r#""":,"#.len() + value.get().len()) as u64)
}

pub(super) fn name_bytes(level: Level) -> u64 {
    level.name().len() as u64
}
