//! Checks a receiver's response to an empty `EventList`, as the API server would interpret it.

use super::{Server, check};
use crate::diagnostic::Diagnostic;
use crate::node::DeliveryEnd;
use crate::printable::elide;
use crate::secret::mask_passwords_in_urls;

const CONNECT: &str = "webhook-connect";
const TLS: &str = "webhook-tls";
const ANSWER: &str = "webhook-answer";
const CREDENTIALS: &str = "webhook-credentials";

/// How much of a receiver's response body is shown.
const BODY_MAX_CHARS: usize = 120;

/// A list without events: a receiver that accepts lists accepts this one, and stores nothing.
#[must_use]
pub fn empty_event_list(version: &str) -> String {
    format!("{{\"kind\":\"EventList\",\"apiVersion\":\"{version}\",\"metadata\":{{}},\"items\":[]}}\n")
}

/// Checks how a delivery ended. `credentials` describes the credentials that were sent: "the token"; `None` for none.
///
/// client-go accepts 200 to 206 as success (`client-go/rest/request.go`, `transformResponse`); after any other response
/// the webhook backend retries a few times, then drops the batch (`plugin/pkg/audit/webhook/webhook.go`,
/// `retryOnError`).
#[must_use]
pub fn check_answer(end: &DeliveryEnd, server: &Server, credentials: Option<&str>) -> Diagnostic {
    let target = server.request_target();
    match end {
        DeliveryEnd::NotConnected(why) => {
            check::error(CONNECT, format!("the receiver does not answer: {why}"))
                .help("check that it is running and that no firewall blocks this node")
        }
        DeliveryEnd::NoTls(why) => {
            check::error(TLS, format!("the TLS handshake with the receiver failed: {why}"))
                .help("if it serves plain HTTP, use a URL with http://")
        }
        DeliveryEnd::Distrusted => {
            check::info(TLS, "nothing was sent to the receiver, because its certificate is not trusted")
        }
        DeliveryEnd::ClientRefused(why) => {
            let message = match credentials {
                Some(_) => format!("the receiver rejects the client in the TLS handshake: {why}"),
                None => format!("the receiver requires a client certificate: {why}"),
            };
            check::error(CREDENTIALS, message).help("use --webhook-client-certificate FILE --webhook-client-key FILE, with a certificate from a CA that the receiver trusts")
        }
        DeliveryEnd::Silent(why) => {
            check::error(ANSWER, format!("the receiver accepts the connection, but {why}"))
        }
        DeliveryEnd::Status { code: code @ 200..=206, .. } => check::ok(
            ANSWER,
            format!("the receiver accepts an empty EventList: POST {target} returned {code}"),
        ),
        DeliveryEnd::Status { code: code @ (401 | 403), .. } => refused(*code, credentials),
        DeliveryEnd::Status { code, location, body } => answered(*code, location.as_deref(), body, &target),
    }
}

fn refused(code: u16, credentials: Option<&str>) -> Diagnostic {
    let reason = if code == 401 { "401 Unauthorized" } else { "403 Forbidden" };
    match credentials {
        Some(shown) => check::error(CREDENTIALS, format!("the receiver answers {reason}: it does not accept {shown}"))
            .help("compare it with what the receiver expects; a trailing newline in a token file is ignored"),
        None => check::error(CREDENTIALS, format!("the receiver answers {reason}, and no credentials are configured"))
            .help("use --webhook-token-file FILE, --webhook-client-certificate FILE, or --webhook-basic-auth-file FILE"),
    }
}

fn answered(code: u16, location: Option<&str>, words: &str, target: &str) -> Diagnostic {
    let place = location.map(mask_passwords_in_urls).unwrap_or_default();
    let first = elide(words.lines().next().unwrap_or_default().into(), BODY_MAX_CHARS);
    let said = if first.is_empty() { String::new() } else { format!(": {first}") };
    match code {
        // Go's HTTP client follows with GET and without a body (`net/http`, `redirectBehavior`).
        301..=303 => check::error(
            ANSWER,
            format!("the receiver answers {code}, a redirect to {place}: the API server follows with a GET without the events, and counts them as delivered"),
        )
        .help("use the target of the redirect as the URL"),
        307 | 308 => check::warning(
            ANSWER,
            format!("the receiver answers {code}, a redirect to {place}: every batch is sent twice"),
        )
        .help("use the target of the redirect as the URL"),
        404 | 405 => check::error(ANSWER, format!("the receiver answers {code} to POST {target}{said}"))
            .help("check the path; the API server adds ?timeout=30s and removes a trailing slash"),
        _ => check::error(ANSWER, format!("the receiver answers {code} to an empty EventList{said}")),
    }
}
