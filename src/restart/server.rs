//! The API servers of a node: the one of its manifest, and during a surge a second one.

use super::protocol::Cause;
use super::run::Run;
use crate::audit::argv::lookup;
use crate::node::Process;

/// One of the node's API servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// The one of the manifest.
    Main,
    /// The surge pod's.
    Surge,
}

impl Run<'_> {
    /// The running API servers of one kind.
    pub(super) fn servers(&mut self, which: Server) -> Result<Vec<Process>, Cause> {
        let mut servers = self.machine.api_servers()?;
        let port = self.journal.surge.as_ref().map(|surge| surge.port);
        servers.retain(|process| {
            let is_surge = port.is_some_and(|port| listens_on(process, port));
            is_surge == (which == Server::Surge)
        });
        Ok(servers)
    }
}

/// Whether a process has the flag to listen on `port`.
fn listens_on(process: &Process, port: u16) -> bool {
    let arguments: Vec<&str> = process.arguments.iter().map(String::as_str).collect();
    lookup(&arguments, "secure-port")
        .and_then(|found| found.value)
        .is_some_and(|value| value == port.to_string())
}
