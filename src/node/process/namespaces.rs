//! Running a program with the files of another process and without network.

use crate::node::Node;
use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Where a confined program finds its files and can write: every container has this directory (it is among the default
/// file systems of the OCI runtime specification, `config-linux.md`).
pub const SCRATCH: &str = "/dev/shm";

/// The size limit of that directory. A policy has at most a few MiB, and the other files are small.
const SCRATCH_OPTIONS: &str = "mode=0700,size=32m";

impl Node {
    /// The file system as a process of the live node sees it.
    #[must_use]
    pub fn seen_by(pid: i32) -> Self {
        Self::at(format!("/proc/{pid}/root"))
    }

    /// The executable of a process, as a path in the file system that it sees.
    ///
    /// # Errors
    /// The process has ended, or belongs to another user.
    pub fn executable_of(pid: i32) -> Result<String> {
        let path = fs::read_link(format!("/proc/{pid}/exe"))
            .with_context(|| format!("finding the executable of process {pid}"))?;
        Ok(path.to_string_lossy().into_owned())
    }
}

/// Moves the calling thread permanently into a copy of the mount namespace of `pid` with `files` in [`SCRATCH`], and
/// into an empty network namespace. It is not visible from outside.
///
/// # Errors
/// The reason in plain text: it requires `CAP_SYS_ADMIN`.
pub(in crate::node) fn enter(pid: i32, files: &[(String, Vec<u8>)]) -> Result<(), String> {
    let what = |errno: Errno| match errno {
        Errno::EPERM | Errno::EACCES => {
            format!("creating namespaces requires CAP_SYS_ADMIN ({})", errno.desc())
        }
        errno => format!("cannot create namespaces ({})", errno.desc()),
    };
    // Opened before the move: afterwards /proc is that of the container.
    let theirs = File::open(format!("/proc/{pid}/ns/mnt"))
        .map_err(|error| format!("the mount namespace of process {pid} cannot be opened: {error}"))?;
    let nothing: Option<&str> = None;
    let steps = || -> nix::Result<()> {
        // setns(2) accepts a mount namespace only from a thread that does not share its root directory.
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNET)?;
        setns(&theirs, CloneFlags::CLONE_NEWNS)?;
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("tmpfs"), SCRATCH, Some("tmpfs"), flags, Some(SCRATCH_OPTIONS))
    };
    steps().map_err(what)?;
    for (name, bytes) in files {
        let path = Path::new(SCRATCH).join(name);
        let write =
            || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(bytes);
        write().map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    Ok(())
}
