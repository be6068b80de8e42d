//! One HTTP request over TLS, within a deadline.
//!
//! HTTP/1.0, because then the answer is neither chunked nor followed by another: its body ends where the server says
//! or where it closes the connection.

use super::connect::connect;
use super::tls;
use super::{Answer, Ask};
use crate::node::Node;
use rustls::{CertificateError, ClientConnection, Error as TlsError, StreamOwned};
use std::error::Error as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What is kept of a body. `/readyz?verbose` is 2 KiB, a Status less.
const BODY_LIMIT: usize = 16 * 1024;
/// The API server sends about ten headers.
const HEAD_LIMIT: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

/// Asks, and says in one line why there is no answer.
pub(super) fn exchange(node: &Node, ask: &Ask) -> Result<Answer, String> {
    let explain = |error: io::Error| explain(&error, ask);
    let request = request(ask)?;
    let configuration = tls::configuration(node, &ask.endpoint, ask.identity.as_ref())?;
    let connection = ClientConnection::new(configuration, ask.endpoint.address.ip().into())
        .map_err(|error| error.to_string())?;

    let socket = Bounded::connect(ask).map_err(explain)?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(explain)?;
    let mut received = Vec::new();
    let head = loop {
        if let Some(head) = Head::read(&received)? {
            break head;
        }
        if received.len() > HEAD_LIMIT {
            return Err(format!("its answer's head is longer than {} KiB", HEAD_LIMIT / 1024));
        }
        if read_more(&mut stream, &mut received).map_err(explain)? == 0 {
            return Err(explain(ErrorKind::UnexpectedEof.into()));
        }
    };
    let wanted = head.body_length.unwrap_or(BODY_LIMIT).min(BODY_LIMIT);
    // From here on there is an answer. What cuts its body short, a missing close_notify say, takes nothing from it.
    while received.len() - head.length < wanted && read_more(&mut stream, &mut received).is_ok_and(|n| n > 0)
    {
    }
    let body = received.get(head.length..).unwrap_or_default();
    let body = String::from_utf8_lossy(body.get(..wanted).unwrap_or(body)).into_owned();
    Ok(Answer::Status { code: head.code, body })
}

/// The bytes of the request.
fn request(ask: &Ask) -> Result<String, String> {
    let words = [Some(ask.path.as_str()), ask.audit_id.as_deref()];
    // A space or a line's end in them would make another request of it.
    if let Some(word) =
        words.into_iter().flatten().find(|word| !word.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        return Err(format!("{word:?} cannot be part of a request"));
    }
    let mut lines = vec![
        format!("{} {} HTTP/1.0", ask.method, ask.path),
        format!("Host: {}", ask.endpoint.address),
        format!("User-Agent: kaudit/{}", env!("CARGO_PKG_VERSION")),
        "Accept: application/json, */*".to_owned(),
        "Connection: close".to_owned(),
    ];
    lines.extend(ask.audit_id.as_ref().map(|id| format!("Audit-ID: {id}")));
    if let Some(body) = &ask.body {
        lines.push("Content-Type: application/json".to_owned());
        lines.push(format!("Content-Length: {}", body.len()));
    }
    Ok(format!("{}\r\n\r\n{}", lines.join("\r\n"), ask.body.as_deref().unwrap_or_default()))
}

/// What the head of an answer says.
struct Head {
    code: u16,
    /// Of the head itself, in bytes.
    length: usize,
    body_length: Option<usize>,
}

impl Head {
    /// `None` where it is not complete yet.
    fn read(received: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(received).map_err(|error| format!("its answer is not HTTP: {error}"))?;
        let (httparse::Status::Complete(length), Some(code)) = (parsed, response.code) else {
            return Ok(None);
        };
        let body_length = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("Content-Length"))
            .and_then(|header| str::from_utf8(header.value).ok()?.trim().parse().ok());
        Ok(Some(Self { code, length, body_length }))
    }
}

fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk)?;
    received.extend(chunk.iter().take(read));
    Ok(read)
}

/// Why there is no answer, in plain words.
fn explain(error: &io::Error, ask: &Ask) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    match (error.kind(), tls) {
        // The one that `tls::ThisServer` gives.
        (_, Some(TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure))) => {
            let file = ask.endpoint.certificate.as_deref().unwrap_or("".as_ref());
            format!("it presents another certificate than {}", file.display())
        }
        (_, Some(TlsError::InvalidMessage(_))) => "it does not speak TLS".to_owned(),
        (_, Some(TlsError::AlertReceived(alert))) => format!("it ended the TLS handshake: {alert:?}"),
        (_, Some(other)) => format!("TLS: {other}"),
        (ErrorKind::ConnectionRefused, _) => "connection refused".to_owned(),
        (ErrorKind::TimedOut, _) => format!("timed out after {:?}", ask.timeout),
        (ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe, _) => {
            "it closed the connection without an answer".to_owned()
        }
        _ => error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    }
}

/// A connection whose every step gets only the time that is left of the whole, so that a server which sends one byte
/// now and then holds nobody longer than one which sends none.
struct Bounded {
    socket: TcpStream,
    deadline: Option<Instant>,
}

impl Bounded {
    fn connect(ask: &Ask) -> io::Result<Self> {
        // A time so long that the clock cannot hold it is none.
        let deadline = Instant::now().checked_add(ask.timeout);
        let socket = connect(&ask.endpoint.address, ask.from, left(deadline)?)?;
        // Each write is a whole flight of the handshake or the whole request.
        socket.set_nodelay(true)?;
        Ok(Self { socket, deadline })
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
