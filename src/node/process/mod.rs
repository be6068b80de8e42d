//! Processes of the node: the kubelet and its API servers, from `/proc`, and their memory.

pub(in crate::node) mod clock;
mod component;
pub(in crate::node) mod container_log;
pub(in crate::node) mod kernel_log;
pub(in crate::node) mod kubelet_log;
mod memory;
pub(in crate::node) mod namespaces;
pub(in crate::node) mod output;
mod parse;
pub(in crate::node) mod program;
pub(in crate::node) mod signals;
pub(in crate::node) mod standard_output;
mod table;
#[cfg(test)]
mod tests;

pub use clock::{moment, now};
pub use component::Component;
pub use container_log::{Attempt, ContainerOf};
pub use kubelet_log::KubeletMark;
pub use memory::{Memory, PodMemory};
pub use namespaces::SCRATCH;
pub use program::{Bounds, Confinement, Ended, How, Program};
pub use signals::Interrupt;
pub use table::Processes;

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// The start time, in clock ticks since boot (`/proc/PID/stat`, field 22). With the pid it identifies a process.
    pub start: u64,
    /// The command line, starting with the program.
    pub arguments: Vec<String>,
    /// The uid of the pod, if it runs in one.
    pub pod_uid: Option<String>,
}
