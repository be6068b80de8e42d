//! One HTTP request to the API server over TLS, within a deadline.
//!
//! It uses HTTP/1.0, so that the answer is not chunked: its body ends at its announced length or where the server closes
//! the connection.

use super::ask::{Answer, Ask};
use super::tls;
use crate::node::Node;
use crate::node::net::deadline::Bounded;
use crate::node::net::http::{NoAnswer, Request, describe, exchange, tls_error};
use rustls::{CertificateError, ClientConnection, Error as TlsError, StreamOwned};
use std::io;

/// How much of a body is kept. `/readyz?verbose` is 2 KiB, a Status is less.
const BODY_LIMIT: usize = 16 * 1024;

/// Sends the request. The error says in one line why there is no answer.
pub(super) fn send(node: &Node, ask: &Ask) -> Result<Answer, String> {
    let explain = |error: io::Error| explain(&error, ask);
    // A space or a line break in them would make it a different request.
    let mut parts = [Some(&ask.path), ask.audit_id.as_ref()].into_iter().flatten();
    if let Some(part) = parts.find(|part| !part.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(format!("{part:?} cannot be part of a request"));
    }
    let configuration = tls::configuration(node, &ask.endpoint, ask.identity.as_ref())?;
    let connection = ClientConnection::new(configuration, ask.endpoint.address.ip().into())
        .map_err(|error| error.to_string())?;
    let socket = Bounded::connect(ask.endpoint.address, ask.from, ask.timeout).map_err(explain)?;
    let request = Request {
        method: ask.method,
        target: &ask.path,
        version: "HTTP/1.0",
        host: ask.endpoint.address.to_string(),
        header: ask.audit_id.as_deref().map(|id| ("Audit-ID", id)),
        body: ask.body.as_deref(),
    };
    match exchange(&mut StreamOwned::new(connection, socket), &request, BODY_LIMIT) {
        Ok(response) => Ok(Answer::Status { code: response.code, body: response.body }),
        Err(NoAnswer::NotSent(error) | NoAnswer::NotReceived(error)) => Err(explain(error)),
        Err(NoAnswer::Invalid(why)) => Err(why),
    }
}

fn explain(error: &io::Error, ask: &Ask) -> String {
    match (tls_error(error), &ask.endpoint.certificate) {
        // The result of `tls::ThisServer`.
        (
            Some(TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
            Some(expected),
        ) => {
            format!("it presents a different certificate than {}", expected.display())
        }
        _ => describe(error, ask.timeout),
    }
}
