//! The restart of the static pod: how the API server is taken out and brought back, proven, and rolled back.
//!
//! Pure decisions (`endpoint`, `proof`, `preflight`, `diagnosis`, `state`) and one protocol (`forward`, `back`) that
//! performs them through [`crate::node::Machine`]. Why the manifest is moved and not edited in place: the kubelet lets a
//! static pod with a new uid wait 10–15 s as long as the old one of the same name is not fully terminated
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
mod server;
pub mod state;
pub mod subject;
pub mod surge;
mod wait;
mod watch;

pub use context::{ContextError, Names, RestartContext, Revision};
pub use forward::restart;
pub use proof::Proof;
pub use protocol::{Cause, Done, Listener, Method, Options, Outcome, Proven};
pub use recover::{Recovered, Unfinished, recover_tree};
