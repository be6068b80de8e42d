//! The receiving end of the API server's audit webhook, without its effects: what a body must be, how an event is written,
//! what is answered, what is counted. What an event is, and what can be shown of it, is said by `event` and `logs`. The
//! effects are in `receive::server`.
//!
//! The API server posts an `EventList` as JSON, and takes any answer other than 2xx, or none within its 30 seconds, as a
//! reason to post the same bytes again: five times with growing pauses, then it gives up the batch
//! (`k8s.io/apiserver/plugin/pkg/audit/webhook`, `k8s.io/apiserver/pkg/util/webhook`).

mod answer;
mod body;
mod metrics;
mod render;
mod repeats;
pub mod server;

/// The longest body, in bytes, that is taken where nothing else is asked for: a batch of 400 events of 100 KiB each, the
/// greatest that the API server sends with its own limits (`--audit-webhook-batch-max-size`,
/// `--audit-webhook-truncate-max-event-size`), has 39.1 MiB.
pub const MAX_BODY: u32 = 40 << 20;

pub use answer::Rejection;
pub use body::{Batch, Item, read};
pub use metrics::Metrics;
pub use render::{Form, Written, write};
pub use repeats::Repeats;
