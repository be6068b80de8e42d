//! What an API server serves, by its own discovery.

use std::fs;
use std::process;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::api_server::{ApiServer, CERTIFICATE, KEY};
use super::files::{MANIFEST, MANIFESTS, manifest};
use crate::builtin::table::{Resource, Served};
use crate::dist;
use crate::node::configuration::ADDRESS;
use crate::node::progress::Progress;
use crate::node::release::Release;
use crate::node::running::Node;
use crate::node::wait::wait_for;
use crate::shell::command::capture;
use crate::shell::project::Project;

/// The flags that make an API server serve every API. Kubernetes uses the same flags to generate its published API
/// (`hack/update-openapi-spec.sh`).
const EVERYTHING: [&str; 2] = ["--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true"];

/// Discovery of all groups in one answer (<https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>).
const ACCEPT: &str = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The aggregator lists its own groups a moment after it is ready.
const SETTLE_LIMIT: Duration = Duration::from_mins(1);

/// Starts a node of the release and reads its discovery.
///
/// # Errors
///
/// As [`read`], or when the node does not come up.
pub(crate) fn of_release(project: &Project, release: &Release, progress: &Progress) -> Result<Served> {
    let name = format!("builtin-{}-{}", release.version.replace('.', "-"), process::id());
    let node = Node::start(project, release, &name, dist::directory(project), progress)?;
    let served = read(&ApiServer::new(&node));
    if served.is_err() {
        node.print_logs();
    }
    node.stop()?;
    served
}

/// Enables all APIs and reads the discovery. This restarts the node's API server.
///
/// # Errors
///
/// When it does not start with these flags, or its responses are not valid discovery documents.
pub(super) fn read(api_server: &ApiServer<'_>) -> Result<Served> {
    turn_everything_on(api_server)?;
    api_server.write_certificate()?;
    wait_for("the discovery of every group", SETTLE_LIMIT, || {
        let mut served = Served::new();
        for path in ["/api", "/apis"] {
            let text = get(api_server, path)?;
            let answer = serde_json::from_str(&text).with_context(|| format!("reading {path}: {text}"))?;
            if !add(&answer, &mut served)? {
                return Ok(None);
            }
        }
        Ok(Some(served))
    })
}

fn turn_everything_on(api_server: &ApiServer<'_>) -> Result<()> {
    let old = api_server.process()?;
    let before = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let command = "    - kube-apiserver\n";
    ensure!(before.contains(command), "the manifest has no line {command:?}");
    let flags = EVERYTHING.map(|flag| format!("    - {flag}\n")).concat();
    let after = before.replacen(command, &format!("{command}{flags}"), 1);
    let aside = api_server.path(MANIFESTS).join(".kube-apiserver.yaml.everything");
    fs::write(&aside, after).context("writing the manifest")?;
    fs::rename(&aside, api_server.path(MANIFEST)).context("replacing the manifest")?;
    api_server.wait_for_successor(&old, false).map(drop)
}

fn get(api_server: &ApiServer<'_>, path: &str) -> Result<String> {
    let mut curl = api_server.node.command("curl");
    curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "30"])
        .args(["--cacert", "/etc/kubernetes/pki/ca.crt", "--cert", CERTIFICATE, "--key", KEY])
        .args(["--header", ACCEPT])
        .arg(format!("https://{ADDRESS}:6443{path}"));
    capture(&mut curl)
}

/// Adds the resources of every version of the groups in the response; false when it has no groups yet.
fn add(answer: &Value, served: &mut Served) -> Result<bool> {
    let kind = answer.get("kind").and_then(Value::as_str);
    ensure!(kind == Some("APIGroupDiscoveryList"), "the answer is a {kind:?}");
    let groups = items(answer, "items");
    for group in groups {
        let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        for version in items(group, "versions") {
            if version.get("freshness").and_then(Value::as_str) != Some("Current") {
                return Ok(false);
            }
            for resource in items(version, "resources") {
                let plural = text(resource, "/resource")?;
                let known = served.entry((name.to_owned(), plural.to_owned())).or_default();
                describe(resource, known).with_context(|| format!("reading {plural} of {name:?}"))?;
            }
        }
    }
    Ok(!groups.is_empty())
}

/// The versions of a group can differ in their resources; this merges the data of all versions.
fn describe(resource: &Value, known: &mut Resource) -> Result<()> {
    text(resource, "/responseKind/kind")?.clone_into(&mut known.kind);
    text(resource, "/singularResource")?.clone_into(&mut known.singular);
    known.is_namespaced = text(resource, "/scope")? == "Namespaced";
    let short_names = items(resource, "shortNames").iter().filter_map(Value::as_str);
    known.short_names.extend(short_names.map(str::to_owned));
    for part in items(resource, "subresources") {
        let kind = text(part, "/responseKind/kind")?;
        known.subresources.insert(text(part, "/subresource")?.to_owned(), kind.to_owned());
    }
    Ok(())
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("there is no {pointer}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(name: &str, freshness: &str) -> Value {
        json!({ "kind": "APIGroupDiscoveryList", "items": [{
            "metadata": { "name": name },
            "versions": [{ "version": "v1", "freshness": freshness, "resources": [{
                "resource": "deployments", "responseKind": { "kind": "Deployment" }, "scope": "Namespaced",
                "singularResource": "deployment", "shortNames": ["deploy"],
                "subresources": [{ "subresource": "scale", "responseKind": { "kind": "Scale" } }],
            }]}],
        }]})
    }

    #[test]
    fn reads_aggregated_discovery() {
        let mut served = Served::new();
        assert!(add(&group("apps", "Current"), &mut served).unwrap());
        let deployments = &served[&("apps".to_owned(), "deployments".to_owned())];
        assert!(deployments.is_namespaced && deployments.short_names.contains("deploy"));
        assert_eq!(deployments.subresources["scale"], "Scale");
    }

    #[test]
    fn waits_for_what_is_stale_and_refuses_what_is_no_discovery() {
        let mut served = Served::new();
        assert!(!add(&group("apps", "Stale"), &mut served).unwrap());
        assert!(!add(&json!({ "kind": "APIGroupDiscoveryList", "items": [] }), &mut served).unwrap());
        add(&json!({ "kind": "APIGroupList", "groups": [] }), &mut served).unwrap_err();
    }
}
