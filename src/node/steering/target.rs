//! Finding the listening socket of another process, and getting a descriptor of it.

use super::super::Process;
use crate::node::net::sockets::{self, SocketLine};
use anyhow::{Context as _, Result, bail};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{ipproto, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::fs::{self, File};
use std::path::Path;

/// Why a socket with MPTCP cannot be used, and the remedy.
pub(super) const IS_MPTCP: &str = "it listens with MPTCP, which the kernel cannot steer to; start it with \
    GODEBUG=multipathtcp=0 in its container's environment";

/// A duplicate descriptor of the socket with which `server` listens on `port`.
///
/// While it is open, the socket keeps listening even after its server has closed it, and accepts connections that
/// nothing answers. So it must be dropped as soon as possible.
pub(super) fn listening_socket(
    server: &Process,
    port: u16,
    is_running: impl Fn() -> Result<bool>,
) -> Result<OwnedFd> {
    let pid = server.pid;
    let handle = Pid::from_raw(pid).context("no process has this id")?;
    let handle = pidfd_open(handle, PidfdFlags::empty()).with_context(|| format!("opening process {pid}"))?;
    // Checked after opening: if the id refers to the process now, so does the descriptor.
    if !is_running()? {
        bail!("process {pid} has ended");
    }
    let (descriptor, inode) = listening_descriptor(pid, port)?;
    let socket = pidfd_getfd(&handle, descriptor, PidfdGetfdFlags::empty())
        .map_err(|error| match error {
            Errno::PERM => {
                anyhow::Error::new(error).context("it requires CAP_SYS_PTRACE, and Yama must allow it")
            }
            error => error.into(),
        })
        .with_context(|| format!("getting the listening socket of process {pid}"))?;
    // The process may have closed it meanwhile and opened something else under its number.
    if rustix::fs::fstat(&socket)?.st_ino != inode {
        bail!("process {pid} has just closed its listening socket");
    }
    if sockopt::socket_protocol(&socket)? == Some(ipproto::MPTCP) {
        bail!("cannot steer connections to process {pid}: {IS_MPTCP}");
    }
    Ok(socket)
}

/// Number and inode of the only descriptor with which process `pid` listens on `port`.
fn listening_descriptor(pid: i32, port: u16) -> Result<(i32, u64)> {
    let mut lines: Vec<SocketLine> = sockets::listening(Path::new(&format!("/proc/{pid}/net")), port)?;
    lines.retain(|line| line.inode != 0);
    let descriptors = sockets::socket_descriptors(Path::new(&format!("/proc/{pid}/fd")))
        .with_context(|| format!("listing the descriptors of process {pid}"))?;
    let mut found: Vec<(i32, u64)> =
        descriptors.into_iter().filter(|(_, inode)| lines.iter().any(|line| line.inode == *inode)).collect();
    // A socket may have several descriptors.
    found.sort_unstable_by_key(|(_, inode)| *inode);
    found.dedup_by_key(|(_, inode)| *inode);
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("process {pid} does not listen on port {port}"),
        several => bail!(
            "process {pid} listens on port {port} with {} sockets, of which only one could be steered to",
            several.len()
        ),
    }
}

/// The network namespace of the calling thread.
pub(super) fn own_namespace() -> Result<File> {
    File::open("/proc/thread-self/ns/net").context("opening the network namespace")
}

/// Whether the process `pid` is in the network namespace of the calling thread.
pub(super) fn shares_namespace(pid: i32) -> Result<bool> {
    let theirs = fs::read_link(format!("/proc/{pid}/ns/net"))
        .with_context(|| format!("reading the network namespace of process {pid}"))?;
    let ours = fs::read_link("/proc/thread-self/ns/net").context("reading the network namespace")?;
    Ok(theirs == ours)
}
