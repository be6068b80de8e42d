//! One HTTP request over TLS, within a deadline.
//!
//! HTTP/1.0, because then the answer is neither chunked nor followed by another: its body ends where the server says
//! or where it closes the connection.

use super::ask::{Answer, Ask};
use super::tls;
use crate::node::Node;
use crate::node::net::wire::{Bounded, Head, read_more};
use rustls::{CertificateError, ClientConnection, Error as TlsError, StreamOwned};
use std::error::Error as _;
use std::io::{self, ErrorKind, Write as _};

/// What is kept of a body. `/readyz?verbose` is 2 KiB, a Status less.
const BODY_LIMIT: usize = 16 * 1024;
/// The API server sends about ten headers.
const HEAD_LIMIT: usize = 16 * 1024;

/// Asks, and says in one line why there is no answer.
pub(super) fn exchange(node: &Node, ask: &Ask) -> Result<Answer, String> {
    let explain = |error: io::Error| explain(&error, ask);
    let request = request(ask)?;
    let configuration = tls::configuration(node, &ask.endpoint, ask.identity.as_ref())?;
    let connection = ClientConnection::new(configuration, ask.endpoint.address.ip().into())
        .map_err(|error| error.to_string())?;

    let socket = Bounded::connect(ask.endpoint.address, ask.from, ask.timeout).map_err(explain)?;
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

/// Why there is no answer, in plain words.
fn explain(error: &io::Error, ask: &Ask) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    match (error.kind(), tls) {
        // What a server gets that `tls::ThisServer` does not believe.
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
