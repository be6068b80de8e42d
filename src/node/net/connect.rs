//! Connecting from a chosen local address.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect as begin, socket_with};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// Connects to `address`, from the local address `from` if given, within `limit`.
///
/// The standard library cannot bind a socket before it connects.
pub(in crate::node) fn connect(
    address: &SocketAddr,
    from: Option<IpAddr>,
    limit: Option<Duration>,
) -> io::Result<TcpStream> {
    match (from, limit) {
        (Some(from), limit) => connect_from(from, address, limit),
        (None, Some(limit)) => TcpStream::connect_timeout(address, limit),
        (None, None) => TcpStream::connect(address),
    }
}

fn connect_from(from: IpAddr, address: &SocketAddr, limit: Option<Duration>) -> io::Result<TcpStream> {
    let family = if from.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    bind(&socket, &SocketAddr::new(from, 0))?;
    match begin(&socket, address) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            let limit = limit.map(Timespec::try_from).transpose().map_err(|_| ErrorKind::InvalidInput)?;
            let mut sockets = [PollFd::new(&socket, PollFlags::OUT)];
            if retry_on_intr(|| poll(&mut sockets, limit.as_ref()))? == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            socket_error(&socket)??;
        }
        Err(error) => return Err(error.into()),
    }
    let stream = TcpStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_connection_comes_from_the_address_that_is_asked_for() {
        let limit = Some(Duration::from_secs(20));
        let from = IpAddr::from([127, 0, 0, 9]);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream = connect(&address, Some(from), limit).unwrap();
        assert_eq!(listener.accept().unwrap().1, stream.local_addr().unwrap());
        assert_eq!(stream.local_addr().unwrap().ip(), from);
        drop(listener);
        let error = connect(&address, Some(from), limit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn an_address_of_another_machine_is_an_error() {
        let elsewhere = Some(IpAddr::from([192, 0, 2, 1]));
        let error = connect(&"127.0.0.1:1".parse().unwrap(), elsewhere, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    }
}
