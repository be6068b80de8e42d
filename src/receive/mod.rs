//! The receiving end of the API server's audit webhook, without its effects: what a body must be, how an event is written,
//! what is answered, what is counted. What an event is, and what can be shown of it, is said by `event` and `logs`. The effects are in `node::receiver`.
//!
//! The API server posts an `EventList` as JSON, and takes any answer other than 2xx, or none within its 30 seconds, as a
//! reason to post the same bytes again: five times with growing pauses, then it gives up the batch
//! (`k8s.io/apiserver/plugin/pkg/audit/webhook`, `k8s.io/apiserver/pkg/util/webhook`).

mod answer;
mod body;
mod metrics;
mod render;
mod repeats;

pub use answer::Rejection;
pub use body::{Batch, Item, read};
pub use metrics::Metrics;
pub use render::{Form, write};
pub use repeats::Repeats;
