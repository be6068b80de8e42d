//! A TCP connection with a deadline for everything that is done with it.

use super::connect::connect;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection with one deadline for all reads and writes together, so that a server that sends one byte now and then
/// cannot take longer than one that sends nothing.
pub(in crate::node) struct Bounded {
    socket: TcpStream,
    deadline: Option<Instant>,
}

impl Bounded {
    /// Connects to `address`, from the local address `from` if given. `timeout` covers connecting and everything after it.
    pub(in crate::node) fn connect(
        address: SocketAddr,
        from: Option<IpAddr>,
        timeout: Duration,
    ) -> io::Result<Self> {
        // A timeout beyond the range of the clock means no deadline.
        let deadline = Instant::now().checked_add(timeout);
        let socket = connect(&address, from, left(deadline)?)?;
        // Each write is a complete handshake flight or the complete request.
        socket.set_nodelay(true)?;
        Ok(Self { socket, deadline })
    }

    /// The same connection with another deadline.
    pub(in crate::node) fn until(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.socket.set_read_timeout(left(self.deadline)?)?;
            match self.socket.read(buffer) {
                // The kernel does not restart a call with a timeout after a signal (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(name_timeout),
            }
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            self.socket.set_write_timeout(left(self.deadline)?)?;
            match self.socket.write(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(name_timeout),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// The time left until `deadline`.
fn left(deadline: Option<Instant>) -> io::Result<Option<Duration>> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => Ok(Some(left)),
    }
}

/// A socket reports an expired timeout as `EAGAIN` (socket(7), `SO_RCVTIMEO`).
fn name_timeout(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}
