//! Processes of the node: the kubelet and its API servers, from `/proc`, and the memory that they have.

mod component;
mod memory;
mod parse;
mod table;
#[cfg(test)]
mod tests;

pub use component::Component;
pub use memory::{Memory, PodMemory};
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
