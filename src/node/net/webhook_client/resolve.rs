//! Name resolution with the resolver of the host.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// See [`super::Node::resolve`]. The resolver has no timeout, so it is called in a thread, which is abandoned if it
/// takes too long.
pub(super) fn resolve(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let place = (host.to_owned(), port);
    let ask = move || {
        let found: io::Result<Vec<SocketAddr>> = place.to_socket_addrs().map(Iterator::collect);
        // The caller may have given up.
        drop(sender.send(found));
    };
    thread::Builder::new().spawn(ask).map_err(|error| format!("cannot start the resolver: {error}"))?;
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err("the resolver returned no address".to_owned()),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(reason(&error)),
        Err(_) => Err(format!("the resolver did not answer within {} s", timeout.as_secs())),
    }
}

/// Removes the prefix that the standard library puts before every error of the resolver.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").map_or_else(|| text.clone(), str::to_owned)
}
