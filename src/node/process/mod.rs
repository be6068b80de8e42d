//! Processes of the node: the kubelet and its API servers, from `/proc`, and the memory that they have.

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
pub use program::{Bounds, Ended, How, Program, Room};
pub use signals::Interrupt;
pub use table::Processes;

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// When it started, in clock ticks since boot (`/proc/PID/stat`, field 22). With the pid it names a process for good.
    pub start: u64,
    /// Its command line, the program first.
    pub arguments: Vec<String>,
    /// The uid of the pod that it runs in, where it is one of the kubelet's.
    pub pod_uid: Option<String>,
}
