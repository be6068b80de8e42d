//! The server that receives from the API server's audit webhook: HTTP on a socket, events on standard output or in a file.
//!
//! One thread serves the connections, another one writes. A request is answered 200 when its events are written, and synced
//! if that is asked for; so what the API server does not repeat is there. The writer takes all that waits at once, so that
//! one sync is for many requests.
//!
//! What is held in memory is bounded: connections, bytes of bodies under way, the time that each step of a request may take.
//! Who is idle or slow gives way to the others: of connections in `places`, of memory in `room`.

#![expect(
    clippy::disallowed_methods,
    reason = "a server: it reads the clock and its own files, and writes events"
)]

mod connection;
mod file;
mod listener;
mod options;
mod places;
mod request;
mod room;
mod sink;
mod stamp;
mod tls;
mod token;
mod writer;

pub use options::{EventOutput, EventServer, Received, SyncPolicy, TlsFiles};

use anyhow::Result;

impl EventServer {
    /// Listens until SIGINT or SIGTERM ask for the end, or until there is nobody who takes what is written. `say` is called
    /// with each line for the operator, the first of which says where it listens.
    ///
    /// # Errors
    /// It cannot listen, or a file cannot be used.
    pub fn run(&self, say: &mut dyn FnMut(&str)) -> Result<Received> {
        listener::run(self, say)
    }
}
