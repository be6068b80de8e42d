//! The HTTP server that receives events from the API server's audit webhook and writes them to standard output or a
//! file.
//!
//! One thread serves connections, another writes. A request is answered with 200 after its events are written and, if
//! configured, synced. So every event that the API server does not send again is in the output. The writer takes all
//! waiting requests at once, so that one sync covers many requests.
//!
//! Memory is bounded: the number of connections, the bytes of bodies in progress, and the time of each step of a
//! request. Idle or slow clients give way to others: `connection_slots` for connections, `memory_budget` for memory.

#![expect(
    clippy::disallowed_methods,
    reason = "a server: it reads the clock and its own files, and writes events"
)]

mod connection;
mod connection_slots;
mod file;
mod listener;
mod memory_budget;
mod options;
mod request;
mod sink;
mod stamp;
mod tls;
mod token;
mod writer;

pub use options::{EventOutput, EventServer, Received, SyncPolicy, TlsFiles};

use anyhow::Result;

impl EventServer {
    /// Serves until SIGINT or SIGTERM, or until the output fails. Calls `say` with each line for the operator; the
    /// first one has the listening address.
    ///
    /// # Errors
    /// The server cannot listen, or a file cannot be used.
    pub fn run(&self, say: &mut dyn FnMut(&str)) -> Result<Received> {
        listener::run(self, say)
    }
}
