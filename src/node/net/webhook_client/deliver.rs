//! One request to a receiver within a deadline, in HTTP/1.1 as the API server sends it.

use super::delivery::{Delivered, Delivery, DeliveryEnd, PairError, Presented, ReceiverTls};
use super::verify::{Seen, configuration};
use crate::node::net::deadline::Bounded;
use crate::node::net::http::{NoAnswer, Request, describe, exchange, tls_error};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConnection, Error as TlsError, StreamOwned};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How much of an answer's body is read.
const BODY_LIMIT: usize = 1024;

/// See [`super::Node::deliver`].
pub(super) fn deliver(delivery: &Delivery) -> Delivered {
    let ended = |address, presented, end| Delivered { address, presented, end };
    let deadline = Instant::now().checked_add(delivery.timeout);
    let (address, socket) = match connect(delivery) {
        Ok(connected) => connected,
        Err(why) => return ended(None, None, DeliveryEnd::NotConnected(why)),
    };
    let mut socket = socket.until(deadline);
    let Some(tls) = &delivery.tls else {
        return ended(Some(address), None, post(&mut socket, delivery));
    };
    let seen = Seen::default();
    let end = deliver_over_tls(tls, &seen, socket, delivery);
    let presented: Option<Presented> = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    ended(Some(address), presented, end)
}

/// Connects to the first address that accepts the connection. The error has the reason of each address.
fn connect(delivery: &Delivery) -> Result<(SocketAddr, Bounded), String> {
    let mut reasons = Vec::new();
    let share = u32::try_from(delivery.addresses.len().max(1)).unwrap_or(1);
    let each = delivery.timeout.checked_div(share).unwrap_or(delivery.timeout);
    for address in &delivery.addresses {
        match Bounded::connect(*address, None, each) {
            Ok(socket) => return Ok((*address, socket)),
            Err(error) => reasons.push(format!("{address}: {}", describe(&error, each))),
        }
    }
    Err(if reasons.is_empty() { "no address".to_owned() } else { reasons.join("; ") })
}

fn deliver_over_tls(tls: &ReceiverTls, seen: &Seen, socket: Bounded, delivery: &Delivery) -> DeliveryEnd {
    let configuration = match configuration(tls, seen) {
        Ok(configuration) => configuration,
        Err(PairError::Mismatch) => {
            return DeliveryEnd::NoTls("the client key does not match the client certificate".to_owned());
        }
        Err(PairError::NoKey(why) | PairError::Unverified(why)) => return DeliveryEnd::NoTls(why),
    };
    let name = match ServerName::try_from(tls.name.clone()) {
        Ok(name) => name,
        Err(error) => return DeliveryEnd::NoTls(format!("invalid server name {}: {error}", tls.name)),
    };
    match ClientConnection::new(Arc::new(configuration), name) {
        Ok(connection) => post(&mut StreamOwned::new(connection, socket), delivery),
        Err(error) => DeliveryEnd::NoTls(error.to_string()),
    }
}

/// Sends the request and reads the answer.
fn post(stream: &mut (impl Read + Write), delivery: &Delivery) -> DeliveryEnd {
    let request = Request {
        method: "POST",
        target: &delivery.target,
        version: "HTTP/1.1",
        host: delivery.host.clone(),
        header: delivery.authorization.as_deref().map(|value| ("Authorization", value)),
        body: Some(&delivery.body),
    };
    let response = match exchange(stream, &request, BODY_LIMIT) {
        Ok(response) => response,
        Err(NoAnswer::NotSent(error)) => return end_of(&error, false, delivery.timeout),
        Err(NoAnswer::NotReceived(error)) => return end_of(&error, true, delivery.timeout),
        Err(NoAnswer::Invalid(why)) => return DeliveryEnd::Silent(why),
    };
    // A receiver that echoes the request would bring a secret into a message.
    let echoes = |secret: &str| secret.split(' ').any(|part| part.len() > 3 && response.body.contains(part));
    let is_shown = response.is_plain && !delivery.authorization.as_deref().is_some_and(echoes);
    DeliveryEnd::Status {
        code: response.code,
        location: response.location,
        body: if is_shown { response.body } else { String::new() },
    }
}

/// The meaning of an error: `is_sent` tells whether the request was sent before it.
fn end_of(error: &io::Error, is_sent: bool, timeout: Duration) -> DeliveryEnd {
    match tls_error(error) {
        Some(TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            DeliveryEnd::Distrusted
        }
        // In TLS 1.3 a client certificate is rejected after the handshake, in place of the answer.
        Some(TlsError::AlertReceived(alert)) if is_about_client(*alert) => {
            DeliveryEnd::ClientRefused(format!("{alert:?}"))
        }
        None if is_sent => DeliveryEnd::Silent(describe(error, timeout)),
        _ => DeliveryEnd::NoTls(describe(error, timeout)),
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
