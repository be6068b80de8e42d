//! A restart without an outage: for its time a second API server, the surge pod, takes the connections.

mod run;

use super::scene::Side;
use crate::node::{Ask, FileState, Steer};
use std::net::IpAddr;
use std::path::PathBuf;

/// The surge pod of one restart.
#[derive(Debug)]
pub struct SurgePod {
    /// Its manifest's place in the kubelet's directory.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: FileState,
    /// Where it listens.
    pub port: u16,
    /// How it is asked and proven.
    pub side: Side,
    /// Which connections go to it; its process is not known yet.
    pub steer: Steer,
    /// How clients elsewhere ask whether there is an API server, where the node can ask as they do.
    pub outside: Option<Ask>,
}

/// Which connections are steered to an API server on `port` instead of `side`'s; `None` where it has no process yet.
#[must_use]
pub fn rule(side: &Side, port: u16) -> Option<Steer> {
    let address = side.readyz.endpoint.address;
    let is_any = address.ip().is_loopback();
    let addresses: Vec<IpAddr> = if is_any { Vec::new() } else { vec![address.ip()] };
    Some(Steer { from: address.port(), addresses, to: 0, port, own: false })
}
