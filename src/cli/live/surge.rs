//! Whether a surge is possible on this node, as far as that can be checked beforehand.

use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::node::{Node, Process, moment};
use crate::restart::Revision;
use crate::restart::surge::preflight::{Facts, Listening, check, memory_needed};
use crate::restart::surge::{SurgePod, steering_rule, surge_pod};
use anyhow::Result;
use std::num::NonZeroU16;
use std::ops::RangeInclusive;

/// Ports for the second API server: not assigned, and below the kernel's ephemeral ports.
const PORTS: RangeInclusive<u16> = 16443..=16542;

/// A surge that can begin.
#[derive(Debug)]
pub(in crate::cli) struct Surge {
    /// The second API server's pod.
    pub(in crate::cli) pod: SurgePod,
    /// Where it listens.
    pub(in crate::cli) port: u16,
    /// The memory that it may need, in bytes.
    pub(in crate::cli) memory: u64,
}

/// Checks whether the planned pod can run a second time beside `process`, the API server of `revision`.
///
/// # Errors
/// The first reason why not, with what to do.
pub(super) fn prepare(
    target: &Target,
    planned: &Manifest,
    revision: &Revision,
    process: &Process,
) -> Result<Surge, Diagnostic> {
    let node = &target.node;
    let port = free_port(node);
    let pod = match &port {
        Ok(port) => surge_pod(planned, *port, moment()),
        // The missing port is reported as well, and this is not reached without a port.
        Err(why) => Err(Diagnostic::error(why.clone())),
    };
    let facts = facts(node, revision, process, port, &pod);
    if let Some(reason) = check(&facts).into_iter().find(Diagnostic::is_error) {
        return Err(reason);
    }
    let port = facts.free_port.map_err(Diagnostic::error)?.get();
    Ok(Surge { pod: pod?, port, memory: memory_needed(facts.resident.unwrap_or_default()) })
}

fn facts(
    node: &Node,
    revision: &Revision,
    process: &Process,
    free_port: Result<NonZeroU16, String>,
    pod: &Result<SurgePod, Diagnostic>,
) -> Facts {
    let processes = node.processes();
    let listeners = node.listeners(revision.readyz.endpoint.address.port()).map(|found| {
        let each = |socket: crate::node::Listening| {
            let address = socket.address;
            socket.pids.into_iter().map(move |pid| Listening { address, pid })
        };
        found.into_iter().flat_map(each).collect()
    });
    Facts {
        steering: node
            .probe_steering(process.pid, &steering_rule(revision))
            .map_err(|missing| missing.to_string()),
        // `steering` tries it: where a capability is missing, the kernel's error says so.
        privileges: Ok(()),
        memory: message(node.memory()),
        pod_memory: message(node.pod_memory(process)),
        resident: message(processes.resident(process))
            .and_then(|bytes| bytes.ok_or_else(|| "the API server exited during the check".to_owned())),
        free_port,
        api_servers: vec![process.pid],
        listeners: message(listeners),
        pod: pod.as_ref().map(drop).map_err(Clone::clone),
    }
}

fn free_port(node: &Node) -> Result<NonZeroU16, String> {
    message(node.free_port(PORTS))?
        .and_then(NonZeroU16::new)
        .ok_or_else(|| format!("no port from {} to {} is free", PORTS.start(), PORTS.end()))
}

fn message<T>(result: Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{error:#}"))
}
