//! One request to a receiver, in HTTP/1.1 as the API server speaks it, within a deadline.

use super::delivery::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls};
use super::verify::{Seen, configuration};
use crate::node::net::wire::{Bounded, Head, read_more};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConnection, Error as TlsError, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// What is looked at of an answer's body.
const BODY_LIMIT: usize = 1024;
/// A receiver sends about ten headers.
const HEAD_LIMIT: usize = 16 * 1024;

/// As [`super::Node::deliver`].
pub(super) fn deliver(delivery: &Delivery) -> Delivered {
    let ended = |address, presented, end| Delivered { address, presented, end };
    let deadline = Instant::now().checked_add(delivery.timeout);
    let (address, socket) = match connect(delivery) {
        Ok(connected) => connected,
        Err(why) => return ended(None, None, DeliveryEnd::NotConnected(why)),
    };
    let socket = socket.until(deadline);
    let Some(tls) = &delivery.tls else {
        return ended(Some(address), None, exchange(socket, delivery));
    };
    let seen = Seen::default();
    let end = deliver_over_tls(tls, &seen, socket, delivery);
    let presented: Option<Presented> = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    ended(Some(address), presented, end)
}

/// The first address that takes the connection, or why each does not.
fn connect(delivery: &Delivery) -> Result<(SocketAddr, Bounded), String> {
    let mut reasons = Vec::new();
    let share = u32::try_from(delivery.addresses.len().max(1)).unwrap_or(1);
    let each = delivery.timeout.checked_div(share).unwrap_or(delivery.timeout);
    for address in &delivery.addresses {
        match Bounded::connect(*address, None, each) {
            Ok(socket) => return Ok((*address, socket)),
            Err(error) => reasons.push(format!("{address}: {}", words(&error, each))),
        }
    }
    Err(if reasons.is_empty() { "it has no address".to_owned() } else { reasons.join("; ") })
}

fn deliver_over_tls(tls: &ReceiverTls, seen: &Seen, socket: Bounded, delivery: &Delivery) -> DeliveryEnd {
    let configuration = match configuration(tls, seen) {
        Ok(configuration) => configuration,
        Err(PairError::Mismatch) => {
            return DeliveryEnd::NoTls("key and client certificate do not belong together".to_owned());
        }
        Err(PairError::NoKey(why) | PairError::Unjudged(why)) => return DeliveryEnd::NoTls(why),
    };
    let name = match ServerName::try_from(tls.name.clone()) {
        Ok(name) => name,
        Err(error) => return DeliveryEnd::NoTls(format!("{} is no name of a server: {error}", tls.name)),
    };
    match ClientConnection::new(Arc::new(configuration), name) {
        Ok(connection) => exchange(StreamOwned::new(connection, socket), delivery),
        Err(error) => DeliveryEnd::NoTls(error.to_string()),
    }
}

/// The request and its answer.
fn exchange(mut stream: impl Read + Write, delivery: &Delivery) -> DeliveryEnd {
    let failed = |error: &io::Error, is_sent: bool| end_of(error, is_sent, delivery.timeout);
    let request = request(delivery);
    // The first bytes that are written make the handshake.
    if let Err(error) = stream.write_all(request.as_bytes()).and_then(|()| stream.flush()) {
        return failed(&error, false);
    }
    let mut received = Vec::new();
    let head = loop {
        match Head::read(&received) {
            // A provisional answer, which another follows (RFC 9110, 15.2).
            Ok(Some(head)) if (100..200).contains(&head.code) => {
                received.drain(..head.length);
            }
            Ok(Some(head)) => break head,
            Ok(None) if received.len() > HEAD_LIMIT => {
                return DeliveryEnd::Silent("its answer has no end of its headers".to_owned());
            }
            Ok(None) => match read_more(&mut stream, &mut received) {
                Ok(0) => return failed(&ErrorKind::UnexpectedEof.into(), true),
                Ok(_) => {}
                Err(error) => return failed(&error, true),
            },
            Err(why) => return DeliveryEnd::Silent(why),
        }
    };
    let wanted = head.body_length.unwrap_or(BODY_LIMIT).min(BODY_LIMIT);
    while received.len() - head.length < wanted && read_more(&mut stream, &mut received).is_ok_and(|n| n > 0)
    {
    }
    let body = received.get(head.length..).unwrap_or_default();
    let words = String::from_utf8_lossy(body.get(..wanted).unwrap_or(body)).into_owned();
    // One that answers with what it was sent would bring a secret into a message.
    let repeats = |secret: &str| secret.split(' ').any(|part| part.len() > 3 && words.contains(part));
    let is_shown = head.is_plain && !delivery.authorization.as_deref().is_some_and(repeats);
    DeliveryEnd::Status {
        code: head.code,
        location: head.location,
        words: if is_shown { words } else { String::new() },
    }
}

fn request(delivery: &Delivery) -> String {
    let mut lines = vec![
        format!("POST {} HTTP/1.1", delivery.target),
        format!("Host: {}", delivery.host),
        format!("User-Agent: kaudit/{}", env!("CARGO_PKG_VERSION")),
        "Accept: application/json, */*".to_owned(),
        "Content-Type: application/json".to_owned(),
        format!("Content-Length: {}", delivery.body.len()),
        "Connection: close".to_owned(),
    ];
    lines.extend(delivery.authorization.as_ref().map(|value| format!("Authorization: {value}")));
    format!("{}\r\n\r\n{}", lines.join("\r\n"), delivery.body)
}

/// What an error means, by when it came.
fn end_of(error: &io::Error, is_sent: bool, timeout: Duration) -> DeliveryEnd {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    match tls {
        Some(TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            DeliveryEnd::Distrusted
        }
        Some(TlsError::InvalidMessage(_)) => DeliveryEnd::NoTls("it does not speak TLS".to_owned()),
        // In TLS 1.3 a client certificate is refused after the handshake, where the answer should be.
        Some(TlsError::AlertReceived(alert)) if is_about_client(*alert) => {
            DeliveryEnd::ClientRefused(format!("{alert:?}"))
        }
        Some(TlsError::AlertReceived(alert)) => DeliveryEnd::NoTls(format!("it says {alert:?}")),
        Some(other) => DeliveryEnd::NoTls(other.to_string()),
        None if is_sent => DeliveryEnd::Silent(words(error, timeout)),
        None => DeliveryEnd::NoTls(words(error, timeout)),
    }
}

fn is_about_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

fn words(error: &io::Error, timeout: Duration) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut => format!("gives no answer within {} s", timeout.as_secs()),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "closes it without an answer".to_owned()
        }
        _ => error.to_string(),
    }
}
