//! Steering: a small BPF program in the kernel (`program`) assigns new TCP connections for one server to the listening
//! socket of another. Packets and firewall rules are not changed, and existing connections are not affected; clients,
//! servers and the audit log see the usual addresses and ports.
//!
//! The kernel removes the program when the descriptor of its attachment is closed, at the latest when this process
//! ends. When the target socket is closed by its server, connections go to the original server again.

mod assembler;
mod bpf;
mod probe;
mod program;
mod target;
#[cfg(test)]
mod tests;

use super::{Node, Process};
use anyhow::{Context as _, Result, anyhow, bail};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

pub use probe::Unsupported;
pub use program::{Addresses, Rule};

/// More than any API server listens on, and few enough for one program.
const MOST_ADDRESSES: usize = 64;

/// Steers new connections while it exists. Dropping it, or the end of the process, ends the steering.
///
/// Several can exist at once, also of other programs. The kernel runs them in the order in which they were attached;
/// the first one that selects a socket takes precedence over later ones of kaudit.
#[derive(Debug)]
#[must_use = "dropping it ends the steering"]
pub struct Steering {
    exempt_own: OwnedFd,
    /// The attachment. It keeps the program, which keeps its maps.
    _link: OwnedFd,
}

impl Node {
    /// Steers new TCP connections that match `rule` to the socket with which `server` listens on `port`. Only for the
    /// live node.
    ///
    /// It affects the network namespace of the calling thread, and `server` must be in it.
    ///
    /// # Errors
    /// `server` has ended, is in a different network namespace, does not listen there with exactly one socket, or
    /// listens with MPTCP; or the kernel rejects the program: [`Node::probe_steering`] checks this in advance. The
    /// output of the kernel's verifier is in the error.
    pub fn steer(&self, server: &Process, port: u16, rule: &Rule) -> Result<Steering> {
        if let Addresses::Only(addresses) = &rule.addresses
            && addresses.len() > MOST_ADDRESSES
        {
            bail!("more than {MOST_ADDRESSES} addresses to steer");
        }
        // Opened before the comparison, and kept: the thread stays in this namespace.
        let namespace = target::own_namespace()?;
        if !target::shares_namespace(server.pid)? {
            bail!("process {} is in a different network namespace than kaudit", server.pid);
        }
        let socket = target::listening_socket(server, port, || self.processes().is_running(server))?;
        let loaded = Loaded::new(rule).map_err(LoadFailure::into_error)?;
        bpf::put_socket(&loaded.socket, socket.as_fd()).map_err(|error| explain_socket(server.pid, error))?;
        // Set before the first connection.
        drop(socket);
        let link = bpf::attach(&loaded.program, &namespace).map_err(explain_attachment)?;
        Ok(Steering { exempt_own: loaded.exempt_own, _link: link })
    }
}

impl Steering {
    /// Sets whether own connections ([`Rule::exempt_own`]) are exempt. It applies to the next connection, without a
    /// gap in steering.
    ///
    /// # Errors
    /// The kernel returns an unexpected error.
    pub fn exempt_own(&self, exempt: bool) -> Result<()> {
        bpf::put_number(&self.exempt_own, exempt.into()).context("changing the steering rule")
    }
}

/// A loaded program that is not attached, and its maps.
struct Loaded {
    socket: OwnedFd,
    exempt_own: OwnedFd,
    program: OwnedFd,
}

/// The step that failed.
#[derive(Debug)]
enum LoadFailure {
    SocketMap(io::Error),
    NumberMap(io::Error),
    /// The rule has too many addresses for one program.
    TooLong,
    Program(bpf::LoadError),
}

impl Loaded {
    fn new(rule: &Rule) -> Result<Self, LoadFailure> {
        let socket = with_memory(bpf::create_socket_map).map_err(LoadFailure::SocketMap)?;
        let exempt_own = with_memory(bpf::create_number_map).map_err(LoadFailure::NumberMap)?;
        bpf::put_number(&exempt_own, rule.exempt_own.into()).map_err(LoadFailure::NumberMap)?;
        let instructions =
            program::program(rule, bpf::maps(&socket, &exempt_own)).ok_or(LoadFailure::TooLong)?;
        let program = bpf::load(&instructions).map_err(LoadFailure::Program)?;
        Ok(Self { socket, exempt_own, program })
    }
}

impl LoadFailure {
    fn into_error(self) -> anyhow::Error {
        match self {
            LoadFailure::SocketMap(error) => anyhow!(error).context("creating a BPF map for a socket"),
            LoadFailure::NumberMap(error) => anyhow!(error).context("creating a BPF map for a number"),
            LoadFailure::TooLong => anyhow!("too many addresses for one BPF program"),
            LoadFailure::Program(bpf::LoadError { error, log }) if log.is_empty() => {
                anyhow!(error).context("loading the BPF program")
            }
            LoadFailure::Program(bpf::LoadError { error, log }) => anyhow!(error)
                .context(format!("loading the BPF program; output of the kernel's verifier:\n{log}")),
        }
    }
}

/// Runs `create`, and again without a limit on locked memory if it fails: before Linux 5.11 BPF maps counted as locked
/// memory, and the usual limit of 64 KiB may be used up.
fn with_memory(create: fn() -> io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    create().or_else(|error| {
        let unlimited = Rlimit { current: None, maximum: None };
        let is_bound = error.raw_os_error() == Some(Errno::PERM.raw_os_error());
        if is_bound && setrlimit(Resource::Memlock, unlimited).is_ok() { create() } else { Err(error) }
    })
}

fn explain_socket(pid: i32, error: io::Error) -> anyhow::Error {
    let is_mptcp = error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error());
    let why = if is_mptcp { target::IS_MPTCP } else { "the kernel rejects its socket" };
    anyhow!(error).context(format!("cannot steer connections to process {pid}: {why}"))
}

fn explain_attachment(error: io::Error) -> anyhow::Error {
    let why = match Errno::from_io_error(&error) {
        Some(Errno::TOOBIG) => {
            "the maximum number of programs (64) is already attached to this network namespace"
        }
        Some(Errno::BUSY | Errno::EXIST) => {
            "another program is attached exclusively to this network namespace"
        }
        _ => "attaching the BPF program to the network namespace",
    };
    anyhow!(error).context(why)
}
