//! A restart without an outage: a second API server takes the connections while the first one restarts.
//!
//! The decisions are pure: the manifest of the second API server (`pod`), and whether the node allows one (`preflight`).
//! The second one is a static pod with another name, because the kubelet delays only a pod with the *same* name until
//! the old one is gone (`pkg/kubelet/pod_workers.go`). It runs the *planned* configuration, so that a failed start is
//! seen while the old API server still serves. `run` is its part of the protocol.

mod check;
mod command_line;
mod fitness;
mod flags;
mod log;
mod plan;
mod pod;
pub mod preflight;
mod probes;
mod run;

pub use flags::POD_NAME;
pub use log::SurgeLog;
pub use plan::{SurgePlan, steering_rule};
pub use pod::{FILE_NAME, SurgePod, surge_pod};
