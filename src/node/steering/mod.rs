//! Steering: new TCP connections to one server are given to the listening socket of another, by a small program in the
//! kernel (`program`). No packet is changed and no firewall rule is made; connections that exist already are
//! not touched; clients, servers and the audit log see the addresses and the port that they always see.
//!
//! The kernel takes the program away when the descriptor of its attachment is closed, which happens by the end of
//! this process at the latest, however it ends. And when the socket that is steered to is closed by its server, the
//! connections go where they always went.

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

/// More than any API server listens on; so many fit easily into a program.
const MOST_ADDRESSES: usize = 64;

/// New connections are steered as long as this is there. Dropping it ends that; so does the end of the process.
///
/// Several can be there at once, even of several programs. They are asked in the order in which they were attached,
/// and the first one that chooses a socket wins over later ones of kaudit.
#[derive(Debug)]
#[must_use = "dropping it ends the steering"]
pub struct Steering {
    exempt_own: OwnedFd,
    /// The attachment. It holds the program, and the program its maps.
    _link: OwnedFd,
}

impl Node {
    /// Steers new TCP connections that `rule` describes to the socket with which `server` listens on `port`. For the
    /// live node only.
    ///
    /// It is done for the network namespace of the calling thread, and `server` must be in it.
    ///
    /// # Errors
    /// `server` has ended, is in another network namespace, or does not listen there with exactly one socket; it
    /// listens with MPTCP; or the kernel refuses: [`Node::probe_steering`] says in advance whether it does so in
    /// general. Where its verifier refuses the program, the verifier's words are in the error.
    pub fn steer(&self, server: &Process, port: u16, rule: &Rule) -> Result<Steering> {
        if let Addresses::Only(addresses) = &rule.addresses
            && addresses.len() > MOST_ADDRESSES
        {
            bail!("more than {MOST_ADDRESSES} addresses to steer");
        }
        // Opened first, and compared by what was opened: the thread stays where it is.
        let namespace = target::own_namespace()?;
        if !target::shares_namespace(server.pid)? {
            bail!("process {} is in another network namespace than kaudit", server.pid);
        }
        let socket = target::listening_socket(server, port, || self.processes().is_running(server))?;
        let loaded = Loaded::new(rule).map_err(LoadFailure::into_error)?;
        bpf::put_socket(&loaded.socket, socket.as_fd()).map_err(|error| refused_socket(server.pid, error))?;
        // Before the first connection comes: see there.
        drop(socket);
        let link = bpf::attach(&loaded.program, &namespace).map_err(refused_attachment)?;
        Ok(Steering { exempt_own: loaded.exempt_own, _link: link })
    }
}

impl Steering {
    /// From now on, own connections ([`Rule::exempt_own`]) are left alone, or not. It holds for the next connection,
    /// and there is no moment without steering.
    ///
    /// # Errors
    /// The kernel refuses, which is not to be expected.
    pub fn exempt_own(&self, exempt: bool) -> Result<()> {
        bpf::put_number(&self.exempt_own, exempt.into()).context("changing which connections are steered")
    }
}

/// A program in the kernel, attached to nothing, and its maps.
struct Loaded {
    socket: OwnedFd,
    exempt_own: OwnedFd,
    program: OwnedFd,
}

/// Which step failed.
#[derive(Debug)]
enum LoadFailure {
    SocketMap(io::Error),
    NumberMap(io::Error),
    /// The rule is too long for a program.
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
            LoadFailure::SocketMap(error) => anyhow!(error).context("making a BPF map for a socket"),
            LoadFailure::NumberMap(error) => anyhow!(error).context("making a BPF map for a number"),
            LoadFailure::TooLong => anyhow!("too many addresses for one BPF program"),
            LoadFailure::Program(bpf::LoadError { error, log }) if log.is_empty() => {
                anyhow!(error).context("loading the BPF program")
            }
            LoadFailure::Program(bpf::LoadError { error, log }) => {
                anyhow!(error).context(format!("loading the BPF program; the kernel's verifier says:\n{log}"))
            }
        }
    }
}

/// Does `create`, and once more with the bound on locked memory lifted: before Linux 5.11 BPF maps counted as such,
/// and the usual bound of 64 KiB may be used up.
fn with_memory(create: fn() -> io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    create().or_else(|error| {
        let unlimited = Rlimit { current: None, maximum: None };
        let is_bound = error.raw_os_error() == Some(Errno::PERM.raw_os_error());
        if is_bound && setrlimit(Resource::Memlock, unlimited).is_ok() { create() } else { Err(error) }
    })
}

fn refused_socket(pid: i32, error: io::Error) -> anyhow::Error {
    let is_mptcp = error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error());
    let why = if is_mptcp { target::IS_MPTCP } else { "the kernel refuses its socket" };
    anyhow!(error).context(format!("process {pid} cannot be steered to: {why}"))
}

fn refused_attachment(error: io::Error) -> anyhow::Error {
    let why = match Errno::from_io_error(&error) {
        Some(Errno::TOOBIG) => {
            "as many programs as can be (64) are attached to this network namespace already"
        }
        Some(Errno::BUSY | Errno::EXIST) => "another program occupies this network namespace",
        _ => "attaching the BPF program to the network namespace",
    };
    anyhow!(error).context(why)
}
