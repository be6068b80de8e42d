//! The receiver, asked as the API server would ask it.

use super::inspect::Ready;
use crate::diagnostic::Diagnostic;
use crate::node::{Delivery, DeliveryEnd, Node, ReceiverTls, moment};
use crate::webhook::{ServiceName, check, check_answer, check_server, empty_event_list};
use std::net::SocketAddr;
use std::time::Duration;

/// What each of the two, resolver and receiver, may take. The API server itself waits 30 s for a receiver.
const PATIENCE: Duration = Duration::from_secs(10);
const RESOLVE: &str = "webhook-resolve";

/// Resolves the receiver's name, connects, and posts a list without events.
pub(super) fn ask(node: &Node, ready: &Ready, version: &str) -> Vec<Diagnostic> {
    let kubeconfig = &ready.kubeconfig;
    let server = &kubeconfig.server;
    let mut findings = Vec::new();
    let addresses = match server.address() {
        Some(address) => vec![SocketAddr::new(address, server.port)],
        None => match node.resolve(&server.host, server.port, PATIENCE) {
            Ok(addresses) => {
                findings.push(resolved(&server.host, &addresses));
                addresses
            }
            Err(why) => return vec![unresolved(&server.host, &why)],
        },
    };
    let name = kubeconfig.server_name.clone().unwrap_or_else(|| server.host.clone());
    let tls = match (&ready.authorities, server.is_tls) {
        (_, false) => None,
        (Some(authorities), true) => Some(ReceiverTls {
            name: name.trim_end_matches('.').to_owned(),
            authorities: authorities.clone(),
            is_insecure: kubeconfig.is_insecure,
            client: ready.client.clone(),
        }),
        (None, true) => {
            let finding = check::warning(
                "webhook-authority",
                "the system's authorities, as the API server sees them, are not to be seen from here; the receiver was not asked",
            );
            findings.push(finding.help("name the receiver's own: --webhook-ca-file"));
            return findings;
        }
    };
    let delivered = node.deliver(&Delivery {
        addresses,
        authorization: authorization(ready),
        tls,
        host: server.host_header().to_owned(),
        target: server.request_target(),
        body: empty_event_list(version),
        timeout: PATIENCE,
    });
    if let Some(presented) = delivered.presented.as_ref().filter(|_| !kubeconfig.is_insecure) {
        findings.extend(check_server(presented, server, &name, moment()));
    }
    if delivered.end != DeliveryEnd::Distrusted {
        findings.push(check_answer(&delivered.end, server, shown(ready).as_deref()));
    }
    findings
}

fn resolved(host: &str, addresses: &[SocketAddr]) -> Diagnostic {
    let mut shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    shown.dedup();
    check::ok(RESOLVE, format!("{host} is {}", shown.join(", ")))
}

fn unresolved(host: &str, why: &str) -> Diagnostic {
    let finding = check::error(RESOLVE, format!("the host name {host} does not resolve on this node: {why}"));
    match ServiceName::of(host) {
        Some(ServiceName { name, namespace }) => check::error(
            RESOLVE,
            format!("{host} is the DNS name of a Service, which only the cluster's own DNS server knows; kube-apiserver is in the host's network and asks the host's: {why}"),
        )
        .help(format!(
            "let kaudit ask for the Service's address: --resolve-service; or name it yourself: kubectl -n {namespace} get service {name} -o jsonpath={{.spec.clusterIP}}, in the URL, with --webhook-tls-server-name {host}"
        )),
        None => finding.help("an entry in the node's DNS or /etc/hosts, or the address itself with --webhook-tls-server-name"),
    }
}

/// The header that client-go would send: that of the URL, else the token's, else user and password. Nothing but the first
/// goes over plain HTTP.
fn authorization(ready: &Ready) -> Option<String> {
    let server = &ready.kubeconfig.server;
    let of_url = server.authorization().map(str::to_owned);
    let token = ready.token.as_ref().map(|token| format!("Bearer {token}"));
    of_url.or_else(|| token.or_else(|| ready.kubeconfig.basic.clone()).filter(|_| server.is_tls))
}

/// What the receiver is shown, in words.
fn shown(ready: &Ready) -> Option<String> {
    let server = &ready.kubeconfig.server;
    let is_sent = |found: bool| found && server.is_tls;
    let words = [
        (server.authorization().is_some(), "the user of the URL"),
        (is_sent(ready.token.is_some()), "the token"),
        (is_sent(ready.kubeconfig.basic.is_some()), "user and password"),
        (is_sent(ready.client.is_some()), "the client certificate"),
    ];
    let words: Vec<&str> =
        words.into_iter().filter(|(is_there, _)| *is_there).map(|(_, words)| words).collect();
    (!words.is_empty()).then(|| words.join(" and "))
}
