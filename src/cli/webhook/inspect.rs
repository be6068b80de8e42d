//! Checks of a webhook kubeconfig and its files, without network access.

use super::view::{Found, View};
use crate::certificate::blocks;
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::webhook::{Kind, Kubeconfig, Source, check, check_authorities, check_client, proxy_of};
use anyhow::Result;
use jiff::Timestamp;
use std::collections::BTreeMap;

const KUBECONFIG: &str = "webhook-kubeconfig";
const FILE: &str = "webhook-file";
const TOKEN: &str = "webhook-token";

/// A webhook that can be contacted.
pub(super) struct Ready {
    pub(super) kubeconfig: Kubeconfig,
    /// The CA certificates in DER; `None`: they are not visible from here.
    pub(super) authorities: Option<Vec<Vec<u8>>>,
    pub(super) token: Option<String>,
    pub(super) client: Option<(Vec<u8>, Vec<u8>)>,
}

/// The findings, and the webhook to contact if the files are valid.
pub(super) struct Inspected {
    pub(super) findings: Vec<Diagnostic>,
    pub(super) ready: Option<Ready>,
}

/// Reads a kubeconfig and all files that it refers to.
///
/// # Errors
/// A file exists and cannot be read.
pub(super) fn inspect(
    name: &str,
    bytes: &[u8],
    view: &View<'_>,
    environment: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Inspected> {
    let kubeconfig = match Kubeconfig::read(bytes) {
        Ok(kubeconfig) => kubeconfig,
        Err(refusal) => {
            return Ok(Inspected { findings: vec![of_refusal(KUBECONFIG, name, refusal)], ready: None });
        }
    };
    let mut findings = vec![about(name, &kubeconfig)];
    findings.extend(remarks(&kubeconfig, environment));
    let contents = read_contents(name, &kubeconfig, view, &mut findings)?;
    let token = contents.get(&Kind::Token).map(|bytes| check_token(bytes));
    match &token {
        Some(Err(finding)) => findings.push(finding.clone()),
        Some(Ok(token)) => findings.extend(remark_token(token)),
        None => {}
    }
    let authorities = match contents.get(&Kind::Authority) {
        Some(pem) => {
            findings.extend(check_authorities(pem, now));
            Some(blocks(pem))
        }
        None if kubeconfig.server.is_tls && !kubeconfig.is_insecure => {
            let system = view.system_authorities()?;
            (!system.is_empty()).then(|| system.iter().flat_map(|pem| blocks(pem)).collect())
        }
        None => Some(Vec::new()),
    };
    let client = contents.get(&Kind::Certificate).cloned().zip(contents.get(&Kind::Key).cloned());
    if let Some((certificate, key)) = &client {
        findings.extend(check_client(certificate, Node::check_pair(certificate, key), now));
    }
    let fits = !findings.iter().any(Diagnostic::is_error);
    let ready = fits.then(|| Ready { authorities, token: token.and_then(Result::ok), client, kubeconfig });
    Ok(Inspected { findings, ready })
}

/// The contents that the kubeconfig refers to or embeds, by kind; a finding for a missing file.
fn read_contents(
    name: &str,
    kubeconfig: &Kubeconfig,
    view: &View<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Result<BTreeMap<Kind, Vec<u8>>> {
    let mut contents = BTreeMap::new();
    let sources = [
        (Kind::Authority, &kubeconfig.authority),
        (Kind::Token, &kubeconfig.token),
        (Kind::Certificate, &kubeconfig.certificate),
        (Kind::Key, &kubeconfig.key),
    ];
    for (kind, source) in sources {
        match source {
            None => {}
            Some(Source::Inline(bytes)) => drop(contents.insert(kind, bytes.clone())),
            Some(Source::File(reference)) => match view.find(reference)? {
                Found::Content(bytes) => drop(contents.insert(kind, bytes)),
                missing => {
                    let why = if matches!(missing, Found::Unseen) {
                        "which no mount of the API server's container covers"
                    } else {
                        "which does not exist"
                    };
                    let refusal =
                        Diagnostic::error(format!("{} refers to {}, {why}", kind.key(), reference.path));
                    findings.push(of_refusal(FILE, name, kubeconfig.point(refusal, kind)));
                }
            },
        }
    }
    Ok(contents)
}

fn about(name: &str, kubeconfig: &Kubeconfig) -> Diagnostic {
    let Kubeconfig { server, context, .. } = kubeconfig;
    let scheme = if server.is_tls { "https" } else { "http" };
    let place = format!("{scheme}://{}", server.host_header());
    check::ok(KUBECONFIG, format!("{name}, context {context}: events are sent to {place}"))
}

/// Findings about settings that work, but may cause problems.
fn remarks(kubeconfig: &Kubeconfig, environment: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let server = &kubeconfig.server;
    let mut findings = Vec::new();
    if !server.is_tls {
        findings.push(
            check::warning(
                "webhook-plain-http",
                "events are sent over plain HTTP, without encryption and without verification of the receiver",
            )
            .help("use https://, with --webhook-ca-file for a private CA"),
        );
        if kubeconfig.has_credentials() && server.authorization().is_none() {
            // `client-go/tools/clientcmd/client_config.go`: "only try to read the auth information if we are secure".
            findings.push(
                check::warning(
                    "webhook-credentials-unsent",
                    "client-go sends neither token nor password over plain HTTP",
                )
                .help("use https://"),
            );
        }
    }
    if kubeconfig.is_insecure {
        findings.push(
            check::warning("webhook-insecure", "insecure-skip-tls-verify: the receiver is not verified; anyone who can intercept the connection gets the events and the credentials")
                .help("set the receiver's CA instead: --webhook-ca-file, or certificate-authority"),
        );
    }
    if let Some(dropped) = server.dropped {
        findings.push(
            check::warning(
                "webhook-url-query",
                format!("the URL has {dropped}, which the API server never sends"),
            )
            .help("use the path or credentials to identify the cluster"),
        );
    }
    if let Some(plugin) = kubeconfig.plugin {
        findings.push(
            check::warning("webhook-plugin", format!("{plugin}: the API server's image must contain its program, and usually has only kube-apiserver; the receiver was not contacted"))
                .help("use a token file that another program keeps up to date: tokenFile"),
        );
    }
    let variable = |name: &str| environment.get(name).cloned();
    if let Some((proxy, origin)) = proxy_of(server, kubeconfig.proxy.as_deref(), variable) {
        findings.push(
            check::warning("webhook-proxy", format!("the API server uses the proxy {proxy} ({origin}); the receiver was not contacted, because kaudit does not use proxies"))
                .help("to bypass the proxy, set NO_PROXY in the container's environment"),
        );
    }
    findings
}

/// A token as client-go sends it: without white space around it (`client-go/transport/token_source.go`).
fn check_token(bytes: &[u8]) -> Result<String, Diagnostic> {
    let token = str::from_utf8(bytes).unwrap_or("\0").trim();
    if token.is_empty() {
        return Err(check::error(TOKEN, "the token is empty"));
    }
    // What Go's HTTP client sends (`golang.org/x/net/http/httpguts`, `ValidHeaderFieldValue`).
    if token.chars().any(|character| character.is_control() && character != '\t') {
        return Err(check::error(
            TOKEN,
            "the token contains a newline or another character that is not allowed in an HTTP header",
        )
        .help("the file must contain only the token"));
    }
    Ok(token.to_owned())
}

/// A token that is sent, but is not valid as a bearer token (RFC 6750, 2.1).
fn remark_token(token: &str) -> Option<Diagnostic> {
    let is_odd = |character: char| !character.is_ascii_graphic();
    token.chars().any(is_odd).then(|| {
        check::warning(TOKEN, "the token contains a space or a non-ASCII character")
            .help("the file must contain only the token")
    })
}

fn of_refusal(id: &'static str, name: &str, refusal: Diagnostic) -> Diagnostic {
    let place = refusal.location.position.map(|position| format!("{name}:{position}: ")).unwrap_or_default();
    let finding = check::error(id, format!("{place}{}", refusal.message));
    match refusal.help.into_iter().next() {
        Some(help) => finding.help(help),
        None => finding,
    }
}
