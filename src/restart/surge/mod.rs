//! A restart without an outage: a second API server carries the traffic while the first one goes and comes back.
//!
//! What is decided here is pure: the manifest of that second API server (`pod`), and whether the node allows one
//! (`preflight`). The second one is a static pod of another name, because the kubelet lets only a pod of the *same*
//! name wait for the old one (`pkg/kubelet/pod_workers.go`), and it runs the *planned* configuration: what would keep
//! the new API server from starting shows while the old one still serves. `run` is its part of the protocol.

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
