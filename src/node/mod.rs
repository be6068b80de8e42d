//! Access to the node: every read of the node and every change to it goes through this module.
//!
//! Paths are paths of the node (`/etc/kubernetes/…`). With `--root DIR` they are resolved below that directory,
//! including symbolic links, so that no path leads outside of it.

#![expect(clippy::disallowed_methods, reason = "only this module accesses the disk and the clock")]

pub(crate) mod files;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod net;
pub(crate) mod process;
mod steering;

use std::path::PathBuf;

pub use files::{Effects, Entry, EntryKind, FileEnd, Lock, LockError, Moved, ScratchNode};
pub use log::{Follower, LogFile, LogFiles, Meter, OpenLog, OpenPart, Section, Step};
pub use machine::{LastWords, Live, Machine, RestartTarget};
#[cfg(test)]
pub(crate) use net::test_server;
pub use net::{
    Answer, Ask, ClientIdentity, Delivered, Delivery, DeliveryEnd, Endpoint, Listening, PairError, Presented,
    ReceiverTls, Trust,
};
pub use process::{
    Attempt, Bounds, Component, Confinement, ContainerOf, Ended, How, Interrupt, KubeletMark, Memory,
    PodMemory, Process, Processes, Program, SCRATCH, moment, now,
};
pub use steering::{Addresses, Rule, Steering, Unsupported};

/// A node's file system: the live one (`/`) or a directory tree that looks like one (`--root DIR`).
#[derive(Debug, Clone)]
pub struct Node {
    root: PathBuf,
}

impl Node {
    /// The node whose `/` is `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}
