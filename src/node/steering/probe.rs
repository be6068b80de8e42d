//! Checks whether this kernel supports steering, by executing all steps except the attachment.

use super::super::Node;
use super::program::Rule;
use super::{LoadFailure, Loaded, bpf, target};
use crate::node::net::sockets;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// Why steering is not possible. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsupported {
    /// The kernel lacks a feature.
    Kernel {
        /// The feature, and the kernel version or option that has it.
        lacks: String,
    },
    /// The kernel has the feature, but kaudit may not use it.
    NotPermitted {
        /// The operation.
        what: &'static str,
        /// The likely reason.
        why: String,
    },
    /// The API server is in a different network namespace: its pod does not use the host network.
    OtherNamespace,
    /// The kernel's verifier rejects the program.
    Verifier {
        /// Its output.
        log: String,
    },
    /// Another failure.
    Failed {
        /// The operation.
        what: &'static str,
        /// The error.
        error: String,
    },
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsupported::Kernel { lacks } => write!(formatter, "the kernel has no {lacks}"),
            Unsupported::NotPermitted { what, why } => {
                write!(formatter, "kaudit is not permitted to {what}: {why}")
            }
            Unsupported::OtherNamespace => {
                write!(formatter, "the API server is in a different network namespace than kaudit")
            }
            Unsupported::Verifier { log } => {
                write!(formatter, "the kernel's verifier rejects the BPF program: {log}")
            }
            Unsupported::Failed { what, error } => write!(formatter, "kaudit cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for Unsupported {}

const MAKE_MAPS: &str = "create BPF maps";
const LOAD: &str = "load a BPF program";
const GET: &str = "get a descriptor of the API server";

impl Node {
    /// Checks whether [`Node::steer`] by `rule` can work with the process `pid`, a running API server (or kaudit
    /// itself, which verifies less). It creates the maps, loads the program without attaching it, and gets a
    /// descriptor of the process. It removes everything again, and no connection is affected.
    ///
    /// # Errors
    /// The missing feature or permission.
    pub fn probe_steering(&self, pid: i32, rule: &Rule) -> Result<(), Unsupported> {
        Loaded::new(rule).map_err(classify_load)?;
        let shares = target::shares_namespace(pid)
            .map_err(|error| Unsupported::Failed { what: GET, error: format!("{error:#}") })?;
        if !shares {
            return Err(Unsupported::OtherNamespace);
        }
        get_descriptor(pid)
    }
}

fn classify_load(failure: LoadFailure) -> Unsupported {
    match failure {
        LoadFailure::SocketMap(error) => match errno(&error) {
            Some(Errno::NOSYS) => kernel("bpf(2) (CONFIG_BPF_SYSCALL), or a seccomp filter hides it"),
            Some(Errno::INVAL) => kernel("BPF maps for sockets (CONFIG_NET and CONFIG_BPF_STREAM_PARSER)"),
            _ => classify(MAKE_MAPS, &error, BPF),
        },
        LoadFailure::NumberMap(error) => classify(MAKE_MAPS, &error, BPF),
        LoadFailure::TooLong => {
            Unsupported::Failed { what: LOAD, error: "it has too many addresses".to_owned() }
        }
        LoadFailure::Program(bpf::LoadError { error, log }) => match errno(&error) {
            // The verifier, which writes a log, runs after the check of the program type.
            Some(Errno::INVAL) if log.is_empty() => kernel("BPF programs of the type sk_lookup (Linux 5.9)"),
            _ if !log.is_empty() => Unsupported::Verifier { log },
            _ => classify(LOAD, &error, BPF),
        },
    }
}

fn get_descriptor(pid: i32) -> Result<(), Unsupported> {
    let failed = |error: io::Error| classify(GET, &error, PTRACE);
    let process = Pid::from_raw(pid).ok_or_else(|| failed(Errno::SRCH.into()))?;
    let handle = pidfd_open(process, PidfdFlags::empty()).map_err(|error| match error {
        Errno::NOSYS => kernel("pidfd_open(2) (Linux 5.3), or a seccomp filter hides it"),
        error => failed(error.into()),
    })?;
    let descriptors = sockets::socket_descriptors(Path::new(&format!("/proc/{pid}/fd"))).map_err(failed)?;
    // kaudit itself may have no socket; descriptor 0 is as good.
    let descriptor = descriptors.first().map_or(0, |(descriptor, _)| *descriptor);
    match pidfd_getfd(&handle, descriptor, PidfdGetfdFlags::empty()) {
        // It existed a moment ago and may be closed now. The permission is checked first.
        Ok(_) | Err(Errno::BADF) => Ok(()),
        Err(Errno::NOSYS) => Err(kernel("pidfd_getfd(2) (Linux 5.6), or a seccomp filter hides it")),
        Err(error) => Err(failed(error.into())),
    }
}

fn kernel(lacks: &str) -> Unsupported {
    Unsupported::Kernel { lacks: lacks.to_owned() }
}

fn errno(error: &io::Error) -> Option<Errno> {
    Errno::from_io_error(error)
}

/// Capabilities by name, each with alternative numbers (capabilities(7)).
type Capabilities = &'static [(&'static str, &'static [u32])];

/// For maps and programs; before Linux 5.8 `CAP_SYS_ADMIN` was required instead of `CAP_BPF`.
const BPF: Capabilities = &[("CAP_BPF or CAP_SYS_ADMIN", &[39, 21]), ("CAP_NET_ADMIN", &[12, 21])];
const PTRACE: Capabilities = &[("CAP_SYS_PTRACE", &[19])];

fn classify(what: &'static str, error: &io::Error, needed: Capabilities) -> Unsupported {
    match errno(error) {
        Some(Errno::PERM | Errno::ACCESS) => {
            let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
            let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
            Unsupported::NotPermitted { what, why: why_not_permitted(&status, &lockdown, needed) }
        }
        _ => Unsupported::Failed { what, error: error.to_string() },
    }
}

/// The likely reason, from `/proc/PID/status` and the kernel's lockdown state.
fn why_not_permitted(status: &str, lockdown: &str, needed: Capabilities) -> String {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let effective = field("CapEff:").and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or_default();
    let has = |bits: &[u32]| bits.iter().any(|bit| effective >> bit & 1 == 1);
    let missing: Vec<&str> = needed.iter().filter(|(_, bits)| !has(bits)).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return format!("it lacks {}; run it as root", missing.join(" and "));
    }
    let mut suspects = Vec::new();
    if field("Seccomp:").is_some_and(|mode| mode != "0") {
        suspects.push("a seccomp filter");
    }
    if lockdown.contains("[integrity]") || lockdown.contains("[confidentiality]") {
        suspects.push("the kernel's lockdown");
    }
    if suspects.is_empty() {
        suspects.push("a security module or a user namespace");
    }
    format!("it has the capabilities, so {} forbids it", suspects.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(capabilities: &str, seccomp: &str, lockdown: &str) -> String {
        why_not_permitted(&format!("Name:\tx\nCapEff:\t{capabilities}\nSeccomp:\t{seccomp}\n"), lockdown, BPF)
    }

    #[test]
    fn a_missing_capability_is_named() {
        let none = "it lacks CAP_BPF or CAP_SYS_ADMIN and CAP_NET_ADMIN; run it as root";
        assert_eq!(why("0000000000000000", "2", ""), none);
        assert_eq!(why("0000008000000000", "0", ""), "it lacks CAP_NET_ADMIN; run it as root");
        assert_eq!(why("0000000000001000", "0", ""), "it lacks CAP_BPF or CAP_SYS_ADMIN; run it as root");
    }

    #[test]
    fn denials_despite_capabilities_are_explained() {
        let all = "000001ffffffffff";
        assert_eq!(
            why(all, "2", "[none] integrity"),
            "it has the capabilities, so a seccomp filter forbids it"
        );
        assert_eq!(
            why(all, "0", "none [integrity] confidentiality"),
            "it has the capabilities, so the kernel's lockdown forbids it"
        );
        assert_eq!(
            why("0000000000200000", "0", ""),
            "it has the capabilities, so a security module or a user namespace forbids it"
        );
    }

    #[test]
    fn kernel_errors_are_classified() {
        let load = |errno: Errno, log: &str| {
            classify_load(LoadFailure::Program(bpf::LoadError { error: errno.into(), log: log.to_owned() }))
                .to_string()
        };
        assert_eq!(
            load(Errno::INVAL, ""),
            "the kernel has no BPF programs of the type sk_lookup (Linux 5.9)"
        );
        assert!(load(Errno::ACCESS, "R1 invalid").ends_with("rejects the BPF program: R1 invalid"));
        let map = classify_load(LoadFailure::SocketMap(Errno::NOSYS.into())).to_string();
        assert!(map.starts_with("the kernel has no bpf(2)"), "{map}");
        assert!(matches!(
            classify_load(LoadFailure::NumberMap(Errno::PERM.into())),
            Unsupported::NotPermitted { what: MAKE_MAPS, .. }
        ));
    }
}
