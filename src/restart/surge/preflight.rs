//! Whether this node allows a restart without an outage. Facts in, diagnostics out: `--restart=auto` decides by them.

use crate::diagnostic::Diagnostic;
use crate::node::{Memory, PodMemory};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU16;

/// A second API server needs as much memory as the first one, which may grow: measured 275 MB beside 275 MB.
const TIMES_RESIDENT: (u64, u64) = (13, 10);
/// Memory to leave for everything else: the kubelet evicts pods below 100 MiB (`memory.available`, its default).
const MEMORY_MARGIN: u64 = 200 * MIB;
const MIB: u64 = 1 << 20;

/// What is known about a node. What could not be determined is an error message.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whether this kernel lets kaudit steer connections, determined by trying.
    pub steering: Result<(), String>,
    /// Whether kaudit is root and has the capabilities.
    pub privileges: Result<(), String>,
    /// Memory of the machine.
    pub memory: Result<Memory, String>,
    /// The kubelet's limit for all pods together; `None` where it sets no limit.
    pub pod_memory: Result<Option<PodMemory>, String>,
    /// The resident set of the running API server, in bytes.
    pub resident: Result<u64, String>,
    /// A free port.
    pub free_port: Result<NonZeroU16, String>,
    /// Process ids of this node's API servers.
    pub api_servers: Vec<i32>,
    /// The processes that listen on the API server's port, and their addresses.
    pub listeners: Result<Vec<Listening>, String>,
    /// Whether the planned pod can run twice, from [`super::surge_pod`].
    pub pod: Result<(), Diagnostic>,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// Its address.
    pub address: SocketAddr,
    /// The process that holds it.
    pub pid: i32,
}

/// Checks the facts; the findings come in the order in which they matter. A failed one is an error.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Diagnostic> {
    [
        ("surge-privileges", privileges(facts)),
        ("surge-kernel", kernel(facts)),
        ("surge-pod", pod(facts)),
        ("surge-listener", listener(facts)),
        ("surge-port", port(facts)),
        ("surge-memory", memory(facts)),
    ]
    .map(|(id, found)| found.map_or_else(|reason| reason, Diagnostic::ok).named(id))
    .into()
}

/// The addresses on which the API server of the node listens: only connections to these may be steered.
///
/// # Errors
/// There is not exactly one API server, or another process listens on its addresses.
pub fn served_addresses(facts: &Facts) -> Result<Vec<SocketAddr>, String> {
    let listeners = facts.listeners.as_ref().map_err(Clone::clone)?;
    let (own, others): (Vec<&Listening>, Vec<&Listening>) =
        listeners.iter().partition(|listening| facts.api_servers.contains(&listening.pid));
    let pids: BTreeSet<i32> = own.iter().map(|listening| listening.pid).collect();
    match pids.len() {
        0 => return Err("no API server of this node listens on its port".to_owned()),
        1 => {}
        several => return Err(format!("{several} API servers listen on the node's port")),
    }
    // Steering happens before the kernel compares addresses, so it would redirect connections of other sockets too.
    let takes = |own: &Listening, other: &Listening| {
        own.address.ip().is_unspecified() || own.address.ip() == other.address.ip()
    };
    if let Some(other) = others.iter().find(|other| own.iter().any(|own| takes(own, other))) {
        return Err(format!("process {} listens on {} beside the API server", other.pid, other.address));
    }
    Ok(own.into_iter().map(|listening| listening.address).collect())
}

fn privileges(facts: &Facts) -> Result<String, Diagnostic> {
    match &facts.privileges {
        Ok(()) => Ok("kaudit runs as root with the required capabilities".to_owned()),
        Err(why) => Err(Diagnostic::error(why).help("run kaudit as root, outside of containers")),
    }
}

fn kernel(facts: &Facts) -> Result<String, Diagnostic> {
    match &facts.steering {
        Ok(()) => Ok("the kernel accepts the BPF program".to_owned()),
        Err(why) => Err(Diagnostic::error(why).help("requires Linux 5.9 or later with BPF")),
    }
}

fn pod(facts: &Facts) -> Result<String, Diagnostic> {
    facts.pod.clone().map(|()| "a second API server can run beside the first".to_owned())
}

fn listener(facts: &Facts) -> Result<String, Diagnostic> {
    let addresses = served_addresses(facts).map_err(Diagnostic::error)?;
    let addresses: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    Ok(format!("the API server listens on {}", addresses.join(" and ")))
}

fn port(facts: &Facts) -> Result<String, Diagnostic> {
    facts.free_port.clone().map(|port| format!("port {port} is free")).map_err(Diagnostic::error)
}

fn memory(facts: &Facts) -> Result<String, Diagnostic> {
    let resident = *facts.resident.as_ref().map_err(Diagnostic::error)?;
    let machine = facts.memory.as_ref().map_err(Diagnostic::error)?;
    let pods = facts.pod_memory.as_ref().map_err(Diagnostic::error)?;
    let needed = memory_needed(resident);
    let mut available = vec![(machine.available, "available")];
    available.extend(pods.as_ref().map(|pods| (pods.available(), "left of the kubelet's limit for pods")));
    let need = format!("{} MiB needed (the running API server has {} MiB)", needed / MIB, resident / MIB);
    match available.iter().find(|(bytes, _)| *bytes < needed) {
        Some((bytes, what)) => {
            Err(Diagnostic::error(format!("{} MiB of memory {what}, {need}", bytes / MIB))
                .help(format!("free {} MiB", (needed - bytes).div_ceil(MIB))))
        }
        None => Ok(format!("{} MiB of memory available, {need}", machine.available / MIB)),
    }
}

/// The memory that has to be available for a second API server, in bytes.
#[must_use]
pub fn memory_needed(resident: u64) -> u64 {
    let (numerator, denominator) = TIMES_RESIDENT;
    (resident / denominator).saturating_mul(numerator).saturating_add(MEMORY_MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(address: &str, pid: i32) -> Listening {
        Listening { address: address.parse().unwrap(), pid }
    }

    fn good() -> Facts {
        Facts {
            steering: Ok(()),
            privileges: Ok(()),
            memory: Ok(Memory { total: 4096 * MIB, available: 1000 * MIB }),
            pod_memory: Ok(None),
            resident: Ok(300 * MIB),
            free_port: Ok(NonZeroU16::new(16443).unwrap()),
            api_servers: vec![7],
            listeners: Ok(vec![listening("[::]:6443", 7)]),
            pod: Ok(()),
        }
    }

    fn against(change: impl Fn(&mut Facts)) -> String {
        let mut facts = good();
        change(&mut facts);
        let failed: Vec<Diagnostic> = check(&facts).into_iter().filter(Diagnostic::is_error).collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        format!("{}: {}", failed[0].id.unwrap(), failed[0].message)
    }

    #[test]
    fn a_node_that_allows_it() {
        let findings = check(&good());
        assert!(!findings.iter().any(Diagnostic::is_error), "{findings:?}");
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages[3..],
            [
                "the API server listens on [::]:6443",
                "port 16443 is free",
                "1000 MiB of memory available, 590 MiB needed (the running API server has 300 MiB)"
            ]
        );
    }

    #[test]
    fn each_failed_check_is_an_error() {
        let no = || "no".to_owned();
        assert_eq!(against(|facts| facts.steering = Err(no())), "surge-kernel: no");
        assert_eq!(against(|facts| facts.privileges = Err(no())), "surge-privileges: no");
        assert_eq!(against(|facts| facts.free_port = Err(no())), "surge-port: no");
        assert_eq!(
            against(|facts| facts.pod = Err(Diagnostic::error("two containers"))),
            "surge-pod: two containers"
        );
        assert_eq!(against(|facts| facts.resident = Err(no())), "surge-memory: no");
        assert_eq!(against(|facts| facts.memory = Err(no())), "surge-memory: no");
        assert_eq!(against(|facts| facts.pod_memory = Err(no())), "surge-memory: no");
        assert_eq!(against(|facts| facts.listeners = Err(no())), "surge-listener: no");
    }

    #[test]
    fn memory_is_compared_with_all_limits() {
        let short = "MiB needed (the running API server has 300 MiB)";
        assert_eq!(
            against(|facts| facts.memory = Ok(Memory { total: 4096 * MIB, available: 589 * MIB })),
            format!("surge-memory: 589 MiB of memory available, 590 {short}")
        );
        assert_eq!(
            against(|facts| facts.pod_memory = Ok(Some(PodMemory { limit: 800 * MIB, used: 500 * MIB }))),
            format!("surge-memory: 300 MiB of memory left of the kubelet's limit for pods, 590 {short}")
        );
    }

    #[test]
    fn connections_are_steered_only_from_what_the_api_server_listens_on() {
        let addresses = |listeners: &[Listening]| {
            let facts = Facts { listeners: Ok(listeners.to_vec()), ..good() };
            served_addresses(&facts)
                .map(|found| found.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" "))
        };
        let own = listening("192.0.2.1:6443", 7);
        assert_eq!(
            addresses(&[own.clone(), listening("[::1]:6443", 7)]),
            Ok("192.0.2.1:6443 [::1]:6443".to_owned())
        );
        // A load balancer has the same port on its own address.
        assert_eq!(
            addresses(&[own.clone(), listening("192.0.2.9:6443", 8)]),
            Ok("192.0.2.1:6443".to_owned())
        );
        for (listeners, reason) in [
            (vec![], "no API server of this node listens on its port"),
            (vec![listening("[::]:6443", 8)], "no API server of this node listens on its port"),
            (
                vec![listening("[::]:6443", 7), listening("192.0.2.9:6443", 8)],
                "process 8 listens on 192.0.2.9:6443 beside the API server",
            ),
            (
                vec![own.clone(), listening("192.0.2.1:6443", 8)],
                "process 8 listens on 192.0.2.1:6443 beside the API server",
            ),
        ] {
            assert_eq!(addresses(&listeners), Err(reason.to_owned()));
        }
        let facts =
            Facts { api_servers: vec![7, 8], listeners: Ok(vec![own, listening("[::1]:6443", 8)]), ..good() };
        assert_eq!(served_addresses(&facts), Err("2 API servers listen on the node's port".to_owned()));
    }
}
