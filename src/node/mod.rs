//! The one door to the world: every read of the node and every change to it goes through here.
//!
//! Paths are the node's own (`/etc/kubernetes/…`); with `--root DIR` they are looked up below that directory,
//! symbolic links included, so that a tree can never lead out of itself.

#![expect(
    clippy::disallowed_methods,
    reason = "this module is the door: only it touches the disk and the clock"
)]

mod api;
mod apply;
mod clock;
mod connect;
mod container_log;
mod event_server;
mod finished;
mod follow;
mod growth;
mod kernel_log;
mod kubelet_log;
mod live;
mod locate;
mod lock;
mod log_file;
mod log_files;
mod machine;
mod open_log;
mod output;
mod process;
mod program;
mod read;
mod room;
mod scratch;
mod signals;
mod sockets;
mod standard_output;
mod steering;
mod tail;
mod tls;
mod webhook_client;
mod wire;
mod writable;
mod write;

use std::path::PathBuf;

#[cfg(test)]
pub(crate) use api::test_server;
pub use api::{Answer, Ask, ClientIdentity, Endpoint};
pub use apply::{Effects, Moved};
pub use clock::{moment, now};
pub use container_log::{Attempt, ContainerOf};
pub use event_server::{EventOutput, EventServer, Received, SyncPolicy, TlsFiles};
pub use follow::{Follower, Step};
pub use growth::FileEnd;
pub use kubelet_log::KubeletMark;
pub use live::{Live, Subject};
pub use lock::{Lock, LockError};
pub use log_file::{LogFile, Meter, OpenLog, OpenPart, Section};
pub use log_files::LogFiles;
pub use machine::{Interrupt, LastWords, Machine};
pub use process::{Component, Memory, PodMemory, Process, Processes};
pub use program::{Bounds, Ended, How, Program, Room};
pub use read::{Entry, EntryKind};
pub use room::SCRATCH;
pub use scratch::ScratchNode;
pub use sockets::Listening;
pub use steering::{Addresses, Rule, Steering, Unsupported};
pub use tail::LogMark;
pub use webhook_client::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls, Trust};

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

/// A file as a whole: what has to be the same for two files to be the same to the kubelet, to a scanner and to
/// SELinux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// The content.
    pub bytes: Vec<u8>,
    /// Who may do what with it.
    pub metadata: Metadata,
}

/// Mode, owner and extended attributes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits (`0o600`), without the file type.
    pub mode: u32,
    /// Owner and group; `None` leaves what the process creates, which is all an ordinary user can do.
    pub owner: Option<Owner>,
    /// Extended attributes, sorted by name: `security.selinux` among them.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl Metadata {
    /// Metadata of a file or directory that kaudit makes.
    #[must_use]
    pub fn new(mode: u32, owner: Option<Owner>) -> Self {
        Self { mode, owner, xattrs: Vec::new() }
    }
}

/// A numeric owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}
