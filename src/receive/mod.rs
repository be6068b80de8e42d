//! A receiver for the API server's audit webhook. This module is pure: it parses bodies, formats events, and defines
//! answers and metrics. `server` has the effects.
//!
//! The API server posts an `EventList` as JSON. It takes any status other than 2xx, or no answer within 30 seconds, as
//! a reason to post the same bytes again: five times with growing delays, then it drops the batch
//! (`k8s.io/apiserver/plugin/pkg/audit/webhook`, `k8s.io/apiserver/pkg/util/webhook`).

mod answer;
mod body;
mod metrics;
mod render;
mod repeats;
pub mod server;

/// The default for the longest body, in bytes. The largest batch that the API server sends with its own defaults (400
/// events of 100 KiB: `--audit-webhook-batch-max-size`, `--audit-webhook-truncate-max-event-size`) has 39.1 MiB.
pub const MAX_BODY: u32 = 40 << 20;

pub use answer::Rejection;
pub use body::{Batch, Item, read};
pub use metrics::Metrics;
pub use render::{Form, Written, write};
pub use repeats::Repeats;
