//! What a receiver makes of an empty `EventList`, and what the API server would make of that.

use super::{Server, check};
use crate::diagnostic::Diagnostic;
use crate::node::DeliveryEnd;
use crate::printable::elide;
use crate::secret::mask_passwords_in_urls;

const CONNECT: &str = "webhook-connect";
const TLS: &str = "webhook-tls";
const ANSWER: &str = "webhook-answer";
const CREDENTIALS: &str = "webhook-credentials";

/// What is shown of a receiver's own words.
const WORDS_MAX_CHARS: usize = 120;

/// A list without events: a receiver that takes lists takes this one, and nothing comes of it.
#[must_use]
pub fn empty_event_list(version: &str) -> String {
    format!("{{\"kind\":\"EventList\",\"apiVersion\":\"{version}\",\"metadata\":{{}},\"items\":[]}}\n")
}

/// Judges how a delivery ended. `credentials` names what was shown: "the token"; `None` for nothing.
///
/// client-go takes 200 to 206 for a success (`client-go/rest/request.go`, `transformResponse`), and the webhook backend
/// repeats whatever else it gets some times, then drops the batch (`plugin/pkg/audit/webhook/webhook.go`,
/// `retryOnError`).
#[must_use]
pub fn check_answer(end: &DeliveryEnd, server: &Server, credentials: Option<&str>) -> Diagnostic {
    let target = server.request_target();
    match end {
        DeliveryEnd::NotConnected(why) => {
            check::error(CONNECT, format!("the receiver does not answer: {why}"))
                .help("is it up, and does a firewall let this node through?")
        }
        DeliveryEnd::NoTls(why) => check::error(TLS, format!("no TLS with the receiver: {why}"))
            .help("where it speaks plain HTTP, its URL begins with http://"),
        DeliveryEnd::Distrusted => {
            check::info(TLS, "nothing was sent to the receiver, as its certificate is not to be believed")
        }
        DeliveryEnd::ClientRefused(why) => {
            let words = match credentials {
                Some(_) => format!("the receiver refuses the API server in the TLS handshake: {why}"),
                None => format!("the receiver wants a client certificate: {why}"),
            };
            check::error(CREDENTIALS, words).help("--webhook-client-certificate FILE --webhook-client-key FILE, signed by an authority that the receiver knows")
        }
        DeliveryEnd::Silent(why) => {
            check::error(ANSWER, format!("the receiver takes the connection, and {why}"))
        }
        DeliveryEnd::Status { code: code @ 200..=206, .. } => {
            check::ok(ANSWER, format!("an empty EventList, posted to {target}: {code}"))
        }
        DeliveryEnd::Status { code: code @ (401 | 403), .. } => refused(*code, credentials),
        DeliveryEnd::Status { code, location, words } => answered(*code, location.as_deref(), words, &target),
    }
}

fn refused(code: u16, credentials: Option<&str>) -> Diagnostic {
    let reason = if code == 401 { "401 Unauthorized" } else { "403 Forbidden" };
    match credentials {
        Some(shown) => check::error(CREDENTIALS, format!("the receiver answers {reason}: it does not take {shown}"))
            .help("compare it with what the receiver expects; a line's end at the end of a token file does not matter"),
        None => check::error(CREDENTIALS, format!("the receiver answers {reason}, and nothing says who the API server is"))
            .help("--webhook-token-file FILE, --webhook-client-certificate FILE, or --webhook-basic-auth-file FILE"),
    }
}

fn answered(code: u16, location: Option<&str>, words: &str, target: &str) -> Diagnostic {
    let place = location.map(mask_passwords_in_urls).unwrap_or_default();
    let first = elide(words.lines().next().unwrap_or_default().into(), WORDS_MAX_CHARS);
    let said = if first.is_empty() { String::new() } else { format!(": {first}") };
    match code {
        // Go's HTTP client asks the new place with GET and without a body (`net/http`, `redirectBehavior`).
        301..=303 => check::error(
            ANSWER,
            format!("the receiver answers {code}, a redirection to {place}: the API server goes there with a GET, without the events, and takes them for delivered"),
        )
        .help("name the place itself in the URL"),
        307 | 308 => check::warning(
            ANSWER,
            format!("the receiver answers {code}, a redirection to {place}: every batch makes this detour"),
        )
        .help("name the place itself in the URL"),
        404 | 405 => check::error(ANSWER, format!("the receiver answers {code} to POST {target}{said}"))
            .help("is the path right? the API server adds ?timeout=30s, and takes a slash at the end away"),
        _ => check::error(ANSWER, format!("the receiver answers {code} to an empty EventList{said}")),
    }
}
