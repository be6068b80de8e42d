//! What every exchange over HTTP takes: a connection with a deadline, and the head of an answer.

use super::connect::connect;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The API server sends about ten headers.
const MOST_HEADERS: usize = 64;

/// What the head of an answer says.
pub(in crate::node) struct Head {
    pub(in crate::node) code: u16,
    /// Of the head itself, in bytes.
    pub(in crate::node) length: usize,
    pub(in crate::node) body_length: Option<usize>,
    pub(in crate::node) location: Option<String>,
    /// Whether the body is text as it comes, and neither in pieces nor compressed.
    pub(in crate::node) is_plain: bool,
}

impl Head {
    /// `None` where it is not complete yet.
    pub(in crate::node) fn read(received: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(received).map_err(|error| format!("its answer is not HTTP: {error}"))?;
        let (httparse::Status::Complete(length), Some(code)) = (parsed, response.code) else {
            return Ok(None);
        };
        let text = |name: &str| {
            let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(header.value).ok().map(str::trim)
        };
        Ok(Some(Self {
            code,
            length,
            body_length: text("Content-Length").and_then(|digits| digits.parse().ok()),
            location: text("Location").map(str::to_owned),
            is_plain: text("Transfer-Encoding").is_none() && text("Content-Encoding").is_none(),
        }))
    }
}

pub(in crate::node) fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk)?;
    received.extend(chunk.iter().take(read));
    Ok(read)
}

/// A connection whose every step gets only the time that is left of the whole, so that a server which sends one byte
/// now and then holds nobody longer than one which sends none.
pub(in crate::node) struct Bounded {
    socket: TcpStream,
    deadline: Option<Instant>,
}

impl Bounded {
    /// Connects, from the address `from` where that is given; connecting and everything after it may take `timeout`
    /// together.
    pub(in crate::node) fn connect(
        address: SocketAddr,
        from: Option<IpAddr>,
        timeout: Duration,
    ) -> io::Result<Self> {
        // A time so long that the clock cannot hold it is none.
        let deadline = Instant::now().checked_add(timeout);
        let socket = connect(&address, from, left(deadline)?)?;
        // Each write is a whole flight of the handshake or the whole request.
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
                // A signal; a call with a timeout is not taken up again by itself (signal(7)).
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

/// The time that is left until `deadline`.
fn left(deadline: Option<Instant>) -> io::Result<Option<Duration>> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => Ok(Some(left)),
    }
}

/// A socket with a timeout answers "try again" when it has passed (socket(7), `SO_RCVTIMEO`).
fn name_timeout(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}
