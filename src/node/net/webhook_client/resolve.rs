//! Names to addresses, by the host's own resolver.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// As [`super::Node::resolve`]. The resolver itself knows no deadline, so it is asked in a thread, which is left behind
/// where it takes longer.
pub(super) fn resolve(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let place = (host.to_owned(), port);
    let ask = move || {
        let found: io::Result<Vec<SocketAddr>> = place.to_socket_addrs().map(Iterator::collect);
        // Nobody waits any more.
        drop(sender.send(found));
    };
    thread::Builder::new().spawn(ask).map_err(|error| format!("the resolver could not be asked: {error}"))?;
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err("the resolver gives no address".to_owned()),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(words(&error)),
        Err(_) => Err(format!("the resolver gave no answer within {} s", timeout.as_secs())),
    }
}

/// The standard library puts the same words before every answer of the resolver's.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").map_or_else(|| text.clone(), str::to_owned)
}
