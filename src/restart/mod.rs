//! The restart of the API server's static pod: stop it, start it with the planned manifest, verify it, or roll back.
//!
//! Pure decisions (`endpoint`, `proof`, `preflight`, `diagnosis`, `state`) and one protocol (`forward`, `back`) that
//! performs them through [`crate::node::Machine`]. The manifest is moved and not edited in place, because the kubelet
//! delays a static pod with a new uid by 10–15 s as long as the old one of the same name is not fully terminated
//! (`pkg/kubelet/pod_workers.go`).

mod back;
mod causes;
mod context;
pub mod diagnosis;
pub mod endpoint;
mod forward;
pub mod identity;
mod klog;
pub mod preflight;
pub mod process_match;
pub mod proof;
mod protocol;
mod prove;
mod recorded;
mod recover;
mod revision;
mod run;
mod server;
pub mod state;
pub mod subject;
pub mod surge;
mod wait;
mod watch;

pub use context::{Names, RestartContext};
pub use forward::restart;
pub use proof::Proof;
pub use protocol::{Cause, Done, Listener, Method, Options, Outcome, Proven};
pub use recover::{Recovered, Unfinished, recover_tree};
pub use revision::Revision;
