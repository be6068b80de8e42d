//! Checks of certificates: of the CA, of the API server as a client, of the receiver.

use super::{Server, check};
use crate::certificate::{Certificate, Validity, blocks};
use crate::diagnostic::Diagnostic;
use crate::node::{PairError, Presented, Trust};
use jiff::Timestamp;

/// Certificates that expire within so many days cause a warning.
const SOON_DAYS: i64 = 30;

const AUTHORITY: &str = "webhook-authority";
const CLIENT: &str = "webhook-client-certificate";
const SERVER: &str = "webhook-server-certificate";

/// Checks a CA bundle.
///
/// client-go uses every certificate in it, and fails to start without any (since 1.22)
/// (`client-go/transport/transport.go`, `rootCertPool`).
#[must_use]
pub fn check_authorities(pem: &[u8], now: Timestamp) -> Vec<Diagnostic> {
    let blocks = blocks(pem);
    if blocks.is_empty() {
        return vec![
            check::error(AUTHORITY, "the CA file contains no certificate")
                .help("it must be PEM: -----BEGIN CERTIFICATE-----"),
        ];
    }
    let certificates: Vec<Certificate> =
        blocks.iter().filter_map(|der| Certificate::of_der(der).ok()).collect();
    if certificates.is_empty() {
        return vec![check::error(AUTHORITY, "the CA certificate cannot be parsed")];
    }
    let outdated = certificates.iter().filter(|found| !is_valid(found, now));
    outdated
        .map(|found| {
            check::warning(AUTHORITY, format!("the CA certificate {} {}", found.title(), state(found, now)))
        })
        .collect()
}

/// Checks the API server's client certificate; `pair` is the result of the TLS library for certificate and key.
#[must_use]
pub fn check_client(pem: &[u8], pair: Result<(), PairError>, now: Timestamp) -> Vec<Diagnostic> {
    let certificate = match Certificate::first_of(pem) {
        Err(why) => {
            return vec![check::error(CLIENT, format!("the client certificate cannot be parsed: {why}"))];
        }
        Ok(None) => {
            return vec![
                check::error(CLIENT, "the client certificate file contains no certificate")
                    .help("it must be PEM: -----BEGIN CERTIFICATE-----"),
            ];
        }
        Ok(Some(certificate)) => certificate,
    };
    let title = certificate.title();
    let of_pair = match pair {
        Ok(()) => None,
        Err(PairError::Mismatch) => Some(
            check::error(CLIENT, format!("the client key does not match the client certificate {title}"))
                .help("compare: openssl x509 -noout -pubkey -in CERTIFICATE; openssl pkey -pubout -in KEY"),
        ),
        Err(PairError::NoKey(why)) => Some(
            check::error(CLIENT, format!("the client key cannot be read: {why}"))
                .help("it must be unencrypted PEM: PKCS#8, PKCS#1 or SEC1"),
        ),
        Err(PairError::Unverified(why)) => Some(check::warning(
            CLIENT,
            format!("could not check whether key and client certificate match: {why}"),
        )),
    };
    let of_dates = match certificate.validity(now) {
        Validity::Valid { days_left } if days_left >= SOON_DAYS => None,
        Validity::Valid { days_left } => Some(
            check::warning(CLIENT, format!("the client certificate {title} expires in {days_left} days"))
                .help("replace the file: the API server reloads it without a restart"),
        ),
        Validity::Expired | Validity::NotYet => {
            Some(check::error(CLIENT, format!("the client certificate {title} {}", state(&certificate, now))))
        }
    };
    let findings: Vec<Diagnostic> = of_pair.into_iter().chain(of_dates).collect();
    if findings.is_empty() {
        return vec![check::ok(
            CLIENT,
            format!("the client certificate {title} is valid until {}", certificate.not_after),
        )];
    }
    findings
}

/// Checks the certificate that a receiver presents, as Go's `crypto/x509` does, for the name that it must have.
#[must_use]
pub fn check_server(presented: &Presented, server: &Server, wanted: &str, now: Timestamp) -> Vec<Diagnostic> {
    let chain: Result<Vec<Certificate>, String> =
        presented.chain.iter().map(|der| Certificate::of_der(der)).collect();
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => {
            return vec![check::warning(
                SERVER,
                format!("the receiver's certificate cannot be parsed: {why}"),
            )];
        }
    };
    let Some(leaf) = chain.first() else {
        return vec![check::error(SERVER, "the receiver presents no certificate")];
    };
    let title = leaf.title();
    let mut findings: Vec<Diagnostic> = chain
        .iter()
        .filter(|found| !is_valid(found, now))
        .map(|found| {
            check::error(
                SERVER,
                format!("the receiver's certificate {} {}", found.title(), state(found, now)),
            )
            .help("renew it on the receiver; if the date is right, compare the clocks")
        })
        .collect();
    let is_outdated = !findings.is_empty();
    if !presented.fits_name {
        findings.push(misnamed(leaf, server, wanted));
    }
    match &presented.trust {
        // The dates were reported above.
        Trust::Unsound(_) if is_outdated => {}
        trust => findings.extend(distrusted(trust, &title)),
    }
    if findings.is_empty() {
        findings.push(sound(leaf, now));
    }
    findings
}

/// Why the API server would not trust the certificate `title`.
fn distrusted(trust: &Trust, title: &str) -> Option<Diagnostic> {
    match trust {
        Trust::Sound => None,
        Trust::UnknownIssuer => Some(
            check::error(
                SERVER,
                format!(
                    "the receiver's certificate {title} is signed by a CA that the API server does not trust"
                ),
            )
            .help("set the CA: --webhook-ca-file FILE, or certificate-authority in the kubeconfig"),
        ),
        Trust::Unsound(why) => {
            Some(check::error(SERVER, format!("the receiver's certificate {title}: {why}")))
        }
        Trust::Unverified(why) => Some(check::warning(
            SERVER,
            format!("the receiver's certificate {title} could not be verified, so nothing was sent: {why}"),
        )),
    }
}

/// The result for a valid certificate.
fn sound(leaf: &Certificate, now: Timestamp) -> Diagnostic {
    let title = leaf.title();
    match leaf.validity(now) {
        Validity::Valid { days_left } if days_left < SOON_DAYS => {
            check::warning(SERVER, format!("the receiver's certificate {title} expires in {days_left} days"))
                .help("renew it, or events will not arrive any more after that")
        }
        _ => check::ok(
            SERVER,
            format!(
                "the receiver's certificate {title} is valid for {} until {}",
                leaf.names.join(", "),
                leaf.not_after
            ),
        ),
    }
}

/// Why the certificate is not valid for that name. Go ignores the common name since 1.15
/// (<https://go.dev/doc/go1.15#commonname>).
fn misnamed(leaf: &Certificate, server: &Server, wanted: &str) -> Diagnostic {
    let title = leaf.title();
    if leaf.names.is_empty() {
        return check::error(
            SERVER,
            format!("the receiver's certificate {title} has no subjectAltName for {wanted}; the API server ignores the common name"),
        )
        .help(format!("create one with subjectAltName={}", kind_and_name(wanted)));
    }
    let names = leaf.names.join(", ");
    let finding =
        check::error(SERVER, format!("the receiver's certificate is valid for {names}, not for {wanted}"));
    let is_name = |name: &&String| name.parse::<std::net::IpAddr>().is_err() && !name.contains('*');
    match leaf.names.iter().find(is_name) {
        Some(name) if wanted == server.host => finding
            .help(format!("if {name} is the receiver: --webhook-tls-server-name {name}, or tls-server-name in the kubeconfig")),
        Some(name) => finding.help(format!("the kubeconfig requires another name (tls-server-name); the certificate has {name}")),
        None => finding.help(format!("create one with subjectAltName={}", kind_and_name(wanted))),
    }
}

fn kind_and_name(wanted: &str) -> String {
    let kind = if wanted.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("{kind}:{wanted}")
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    matches!(certificate.validity(now), Validity::Valid { .. })
}

fn state(certificate: &Certificate, now: Timestamp) -> String {
    match certificate.validity(now) {
        Validity::Valid { .. } => format!("is valid until {}", certificate.not_after),
        Validity::Expired => format!("expired at {}", certificate.not_after),
        Validity::NotYet => format!("is not valid before {}", certificate.not_before),
    }
}
