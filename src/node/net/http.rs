//! One HTTP request and its answer, over any stream.

use rustls::Error as TlsError;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

/// The API server and receivers send about ten headers.
const MAX_HEADERS: usize = 64;
/// The longest head of an answer, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// A request. The caller ensures that no part contains a space or a line break that would make it a different request.
pub(in crate::node) struct Request<'a> {
    pub(in crate::node) method: &'a str,
    /// Path and query.
    pub(in crate::node) target: &'a str,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub(in crate::node) version: &'a str,
    pub(in crate::node) host: String,
    /// One more header.
    pub(in crate::node) header: Option<(&'a str, &'a str)>,
    /// A JSON body.
    pub(in crate::node) body: Option<&'a str>,
}

/// An answer with a final status.
pub(in crate::node) struct Response {
    pub(in crate::node) code: u16,
    pub(in crate::node) location: Option<String>,
    /// Whether the body is plain: neither chunked nor compressed.
    pub(in crate::node) is_plain: bool,
    /// The start of the body.
    pub(in crate::node) body: String,
}

/// Why there is no answer.
pub(in crate::node) enum NoAnswer {
    /// The request could not be sent. With TLS, the handshake is part of sending.
    NotSent(io::Error),
    /// The answer could not be received.
    NotReceived(io::Error),
    /// The answer is not valid HTTP.
    Invalid(String),
}

/// Sends `request` and reads the answer, with up to `body_limit` bytes of its body.
pub(in crate::node) fn exchange(
    stream: &mut (impl Read + Write),
    request: &Request<'_>,
    body_limit: usize,
) -> Result<Response, NoAnswer> {
    let text = request.text();
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).map_err(NoAnswer::NotSent)?;
    let mut received = Vec::new();
    let head = loop {
        match Head::read(&received).map_err(NoAnswer::Invalid)? {
            // An interim response precedes the final one (RFC 9110, 15.2).
            Some(head) if (100..200).contains(&head.code) => drop(received.drain(..head.length)),
            Some(head) => break head,
            None if received.len() > HEAD_LIMIT => {
                let why = format!("the headers of its answer exceed {} KiB", HEAD_LIMIT / 1024);
                return Err(NoAnswer::Invalid(why));
            }
            None => {
                if read_more(stream, &mut received).map_err(NoAnswer::NotReceived)? == 0 {
                    return Err(NoAnswer::NotReceived(ErrorKind::UnexpectedEof.into()));
                }
            }
        }
    };
    let wanted = head.body_length.unwrap_or(body_limit).min(body_limit);
    // The status is known: an error within the body, such as a missing close_notify, does not invalidate it.
    while received.len() - head.length < wanted && read_more(stream, &mut received).is_ok_and(|n| n > 0) {}
    let body = received.get(head.length..).unwrap_or_default();
    let body = String::from_utf8_lossy(body.get(..wanted).unwrap_or(body)).into_owned();
    Ok(Response { code: head.code, location: head.location, is_plain: head.is_plain, body })
}

/// The reason for a failed connection or exchange, in one line.
pub(in crate::node) fn describe(error: &io::Error, timeout: Duration) -> String {
    match (tls_error(error), error.kind()) {
        (Some(TlsError::InvalidMessage(_)), _) => "it does not speak TLS".to_owned(),
        (Some(TlsError::AlertReceived(alert)), _) => format!("it ended the TLS handshake: {alert:?}"),
        (Some(other), _) => other.to_string(),
        (None, ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        (None, ErrorKind::TimedOut) => format!("timed out after {timeout:?}"),
        (None, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            "it closed the connection without an answer".to_owned()
        }
        (None, _) => error.to_string(),
    }
}

/// The TLS error within an I/O error.
pub(in crate::node) fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

impl Request<'_> {
    fn text(&self) -> String {
        let Self { method, target, version, host, header, body } = self;
        let mut lines = vec![
            format!("{method} {target} {version}"),
            format!("Host: {host}"),
            format!("User-Agent: kaudit/{}", env!("CARGO_PKG_VERSION")),
            "Accept: application/json, */*".to_owned(),
            "Connection: close".to_owned(),
        ];
        lines.extend(header.map(|(name, value)| format!("{name}: {value}")));
        if let Some(body) = body {
            lines.push("Content-Type: application/json".to_owned());
            lines.push(format!("Content-Length: {}", body.len()));
        }
        format!("{}\r\n\r\n{}", lines.join("\r\n"), body.unwrap_or_default())
    }
}

/// The parts of an answer's head that are used.
struct Head {
    code: u16,
    /// The length of the head itself, in bytes.
    length: usize,
    body_length: Option<usize>,
    location: Option<String>,
    is_plain: bool,
}

impl Head {
    /// Parses a head; `None` if it is not complete yet.
    fn read(received: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
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

fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk)?;
    received.extend(chunk.iter().take(read));
    Ok(read)
}
