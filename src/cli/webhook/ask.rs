//! Contacts the receiver as the API server would.

use super::inspect::Ready;
use crate::diagnostic::Diagnostic;
use crate::node::{Delivery, DeliveryEnd, Node, ReceiverTls, moment};
use crate::webhook::{ServiceName, check, check_answer, check_server, empty_event_list};
use std::net::SocketAddr;
use std::time::Duration;

/// The time limit for the resolver and for the receiver. The API server itself waits 30 s for a receiver.
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
                "the API server's system CA bundle is not visible from here, so the receiver was not contacted",
            );
            findings.push(finding.help("set the receiver's CA: --webhook-ca-file FILE"));
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
    check::ok(RESOLVE, format!("{host} resolves to {}", shown.join(", ")))
}

fn unresolved(host: &str, why: &str) -> Diagnostic {
    let finding = check::error(RESOLVE, format!("the host name {host} does not resolve on this node: {why}"));
    match ServiceName::of(host) {
        Some(ServiceName { name, namespace }) => check::error(
            RESOLVE,
            format!("{host} is the DNS name of a Service, which only the cluster's DNS server resolves; kube-apiserver uses the host's DNS server: {why}"),
        )
        .help(format!(
            "use --resolve-service, or the cluster IP in the URL (kubectl -n {namespace} get service {name} -o jsonpath={{.spec.clusterIP}}) with --webhook-tls-server-name {host}"
        )),
        None => finding.help("add the name to the node's DNS or /etc/hosts, or use the address with --webhook-tls-server-name"),
    }
}

/// The header that client-go would send: that of the URL, else the token, else user and password. Only the first is sent
/// over plain HTTP.
fn authorization(ready: &Ready) -> Option<String> {
    let server = &ready.kubeconfig.server;
    let of_url = server.authorization().map(str::to_owned);
    let token = ready.token.as_ref().map(|token| format!("Bearer {token}"));
    of_url.or_else(|| token.or_else(|| ready.kubeconfig.basic.clone()).filter(|_| server.is_tls))
}

/// A description of the credentials that are sent.
fn shown(ready: &Ready) -> Option<String> {
    let server = &ready.kubeconfig.server;
    let is_sent = |found: bool| found && server.is_tls;
    let credentials = [
        (server.authorization().is_some(), "the user of the URL"),
        (is_sent(ready.token.is_some()), "the token"),
        (is_sent(ready.kubeconfig.basic.is_some()), "user and password"),
        (is_sent(ready.client.is_some()), "the client certificate"),
    ];
    let sent: Vec<&str> =
        credentials.into_iter().filter(|(is_sent, _)| *is_sent).map(|(_, name)| name).collect();
    (!sent.is_empty()).then(|| sent.join(" and "))
}
