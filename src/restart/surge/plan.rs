//! What a restart needs to know about its surge pod in advance.

use super::{FILE_NAME, SurgePod};
use crate::file::{FileState, Metadata};
use crate::manifest::Manifest;
use crate::node::{Addresses, Ask, Node, Rule};
use crate::observe::Obstacle;
use crate::restart::revision::Revision;
use anyhow::Result;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Like the manifests of kubeadm: it may have the same secrets as the API server's manifest.
const MODE: u32 = 0o600;

/// The surge pod of one restart.
#[derive(Debug)]
pub struct SurgePlan {
    /// Its manifest's place in the kubelet's directory.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: FileState,
    /// Where it listens.
    pub port: u16,
    /// How to check it and verify its log.
    pub revision: Revision,
    /// Its audit log on the host, if it is not inside the container.
    pub log: Option<PathBuf>,
    /// Which connections are steered to it.
    pub rule: Rule,
    /// A readiness request that takes the way of clients elsewhere, if the node can make one.
    pub outside: Option<Ask>,
}

impl SurgePlan {
    /// The plan for `pod`, which listens on `port`, beside the API server of `before`, whose manifest is `live`; `then`
    /// reads a file of the host as it will be.
    ///
    /// # Errors
    /// The pod has no valid address to listen on, or a file cannot be read.
    pub fn of(
        node: &Node,
        pod: &SurgePod,
        port: u16,
        before: &Revision,
        live: &Path,
        then: &dyn Fn(&Path) -> Result<Option<FileState>>,
    ) -> Result<Self, Obstacle> {
        let mut revision = Revision::of(node, Manifest::read(&pod.manifest)?)?;
        revision.proof = revision.find_proof(node, then)?;
        Ok(Self {
            path: live.with_file_name(FILE_NAME),
            manifest: FileState { bytes: pod.manifest.clone(), metadata: Metadata::new(MODE, None) },
            port,
            revision,
            log: pod.log.as_ref().and_then(|log| log.host.clone()),
            rule: steering_rule(before),
            outside: outside(before),
        })
    }
}

/// Which connections of `revision`'s clients are steered: those to the addresses on which its API server listens; another
/// program may listen on the others.
#[must_use]
pub fn steering_rule(revision: &Revision) -> Rule {
    let address = revision.readyz.endpoint.address;
    let is_every = address.ip().is_loopback() && !names_loopback(revision);
    let addresses = if is_every { Addresses::Any } else { Addresses::Only(vec![address.ip()]) };
    Rule { port: address.port(), addresses, exempt_own: true }
}

/// Whether the API server listens only on the loopback address.
fn names_loopback(revision: &Revision) -> bool {
    address(revision, "bind-address").is_some_and(|address| address.is_loopback())
}

/// A request like that of clients elsewhere: between addresses of this node whose connections are steered like theirs.
fn outside(revision: &Revision) -> Option<Ask> {
    let mut ask = revision.readyz.clone();
    let listening = ask.endpoint.address;
    match steering_rule(revision).addresses {
        Addresses::Any => {
            let advertised =
                address(revision, "advertise-address").filter(|address| !address.is_unspecified())?;
            ask.endpoint.address = SocketAddr::new(advertised, listening.port());
        }
        // Between two addresses: a connection from an address to itself would count as the API server's own.
        Addresses::Only(_) if listening.ip().is_loopback() => return None,
        Addresses::Only(_) => {
            ask.from = Some(match listening.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
    }
    Some(ask)
}

fn address(revision: &Revision, name: &str) -> Option<IpAddr> {
    revision.flag(name)?.parse().ok()
}
