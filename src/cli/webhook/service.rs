//! `--resolve-service`: a Service's name in the URL becomes its address.

use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::node::{Answer, Ask};
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::restart::Revision;
use crate::webhook::{ClientConfig, Server, ServiceName, cluster_address};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// Requests the Service in the receiver's URL from this node's API server, and replaces its name by its address; the
/// receiver's certificate must still have the name.
///
/// # Errors
/// The host is not the name of a Service, no API server answers, or the Service has no address on that port.
pub(in crate::cli) fn resolve_service(target: &Target, client: &mut ClientConfig) -> Result<(), Diagnostic> {
    let option = "--resolve-service";
    let server =
        Server::parse(&client.url).map_err(|why| Diagnostic::error(format!("--webhook-url {why}")))?;
    let host = server.host.trim_end_matches('.').to_owned();
    let service = ServiceName::of(&host).ok_or_else(|| {
        Diagnostic::error(format!("{option}: {host} is not the DNS name of a Service"))
            .help("use NAME.NAMESPACE.svc in the URL, or remove the option")
    })?;
    if target.root.is_some() {
        return Err(Diagnostic::error(format!(
            "{option} does not work with --root, because a directory tree has no API server"
        ))
        .help("use the Service's cluster IP in the URL, with --webhook-tls-server-name"));
    }
    let told = ask(target, &service)?;
    let address = cluster_address(&told, server.port).map_err(|why| {
        Diagnostic::error(format!("{option}: the Service {} in {} {why}", service.name, service.namespace))
    })?;
    client.url = server.url_at(address, server.port);
    client.server_name.get_or_insert(host);
    Ok(())
}

fn ask(target: &Target, service: &ServiceName) -> Result<String, Diagnostic> {
    let revision = revision(target)
        .map_err(|obstacle| obstacle.first().in_file(target.manifest.display().to_string()))?;
    let identities =
        revision.identities(&target.node).map_err(|error| Diagnostic::error(format!("{error:#}")))?;
    let mut why = "this node has no client certificate for requests".to_owned();
    for identity in identities {
        let name = identity.user.name;
        why = match target.node.ask(&Ask {
            identity: Some(identity.files),
            path: service.path(),
            timeout: PATIENCE,
            ..revision.readyz.clone()
        }) {
            Answer::Status { code: 200, body } => return Ok(body),
            Answer::Status { code: 404, .. } => {
                return Err(Diagnostic::error(format!(
                    "the Service {} does not exist in the namespace {}",
                    service.name, service.namespace
                ))
                .help("list the Services: kubectl get services --all-namespaces"));
            }
            Answer::Status { code, .. } => format!("it returned {code} for user {name}"),
            Answer::Nobody(why) => why,
        };
    }
    Err(Diagnostic::error(format!(
        "this node's API server did not return the Service {}: {why}",
        service.name
    ))
    .help("use the Service's cluster IP in the URL, with --webhook-tls-server-name"))
}

fn revision(target: &Target) -> Result<Revision, Obstacle> {
    let shown = target.manifest.display().to_string();
    let file = target.node.read_file(&target.manifest, MANIFEST_LIMIT)?;
    let file = file.ok_or_else(|| Diagnostic::error(format!("the manifest {shown} does not exist")))?;
    let manifest = Manifest::read(&file.bytes).map_err(|refusal| refusal.in_file(shown.as_str()))?;
    Revision::of(&target.node, manifest)
}
