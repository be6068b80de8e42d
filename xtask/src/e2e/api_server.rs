//! The API server of a node: its process, its health, requests that the audit log must contain.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::processes::{Process, only_process};
use crate::node::configuration::ADDRESS;
use crate::node::init::readyz;
use crate::node::running::Node;
use crate::node::wait::wait_for;
use crate::shell::command::capture;

/// A restart by the kubelet takes up to 30 seconds until the old process ends, 15 seconds of back-off and the start.
/// kubeadm's startup probe allows four minutes.
const RESTART_LIMIT: Duration = Duration::from_mins(4);
/// The API server writes an event when the response is complete, at the latest.
const EVENT_LIMIT: Duration = Duration::from_secs(30);

/// The client certificate of an administrator, once it is written.
pub(super) const CERTIFICATE: &str = "/root/admin.crt";
pub(super) const KEY: &str = "/root/admin.key";

/// A node's API server.
pub(super) struct ApiServer<'a> {
    pub(super) node: &'a Node,
}

impl ApiServer<'_> {
    pub(super) fn new(node: &Node) -> ApiServer<'_> {
        ApiServer { node }
    }

    /// A path of the node, as this program can reach it.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.node.root().join(path.trim_start_matches('/'))
    }

    /// Its process.
    ///
    /// # Errors
    ///
    /// When there is no process or more than one, as for a moment during a restart.
    pub(super) fn process(&self) -> Result<Process> {
        only_process(self.node, "kube-apiserver")
    }

    /// The environment of its process, `NAME=VALUE`, without what the kubelet adds for Services.
    ///
    /// # Errors
    ///
    /// When there is not one process.
    pub(super) fn environment(&self) -> Result<BTreeSet<String>> {
        let place = self.path(&format!("/proc/{}/environ", self.process()?.pid));
        let bytes = fs::read(&place).with_context(|| format!("reading {}", place.display()))?;
        let entries = bytes.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let entries = entries.map(|entry| String::from_utf8_lossy(entry).into_owned());
        Ok(entries.filter(|entry| !entry.starts_with("KUBERNETES_")).collect())
    }

    /// Whether `/readyz` answers 200.
    pub(super) fn is_ready(&self) -> Result<bool> {
        let mut curl = readyz(self.node.command("curl"));
        let status = curl.stdout(Stdio::null()).stderr(Stdio::null()).status().context("asking /readyz")?;
        Ok(status.success())
    }

    /// Waits for a ready process other than `old`, with or without audit logging.
    ///
    /// # Errors
    ///
    /// When it does not start in time.
    pub(super) fn wait_for_successor(&self, old: &Process, audits: bool) -> Result<Process> {
        let what = if audits { "a new, auditing API server" } else { "a new API server that does not audit" };
        wait_for(what, RESTART_LIMIT, || {
            let Ok(process) = self.process() else { return Ok(None) };
            let is_awaited = process.pid != old.pid && process.audits() == audits;
            Ok((is_awaited && self.is_ready()?).then_some(process))
        })
    }

    /// Creates and deletes a `ConfigMap`, each request with an `Audit-ID` of its own, and waits until the audit log has
    /// both. This verifies the whole chain: request, policy, backend, file.
    ///
    /// # Errors
    ///
    /// When a request fails, or an event does not come in time.
    pub(super) fn prove_audit(&self, log: &str) -> Result<()> {
        self.write_certificate()?;
        let identifiers = self.write("kaudit-e2e")?;
        let log = self.path(log);
        for identifier in &identifiers {
            let field = format!(r#""auditID":"{identifier}""#);
            wait_for(&format!("the event {identifier} in {}", log.display()), EVENT_LIMIT, || {
                Ok(fs::read_to_string(&log).unwrap_or_default().contains(&field).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Creates and deletes a `ConfigMap` with [its certificate](Self::write_certificate), and returns the `Audit-ID`s.
    ///
    /// # Errors
    ///
    /// When a request fails.
    pub(super) fn write(&self, name: &str) -> Result<[String; 2]> {
        let collection = format!("https://{ADDRESS}:6443/api/v1/namespaces/default/configmaps");
        let body = format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#);
        let json = ["--header", "Content-Type: application/json", "--data", &body];
        Ok([
            self.request("POST", &collection, &json)?,
            self.request("DELETE", &format!("{collection}/{name}"), &[])?,
        ])
    }

    /// Makes a request as an administrator, with a fresh `Audit-ID`, which it returns.
    fn request(&self, method: &str, address: &str, more: &[&str]) -> Result<String> {
        let identifier = fs::read_to_string("/proc/sys/kernel/random/uuid").context("making an Audit-ID")?;
        let identifier = identifier.trim();
        let mut curl = self.node.command("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "30"])
            .args(["--cacert", "/etc/kubernetes/pki/ca.crt", "--cert", CERTIFICATE, "--key", KEY])
            .args(["--header", &format!("Audit-ID: {identifier}"), "--request", method])
            .args(more)
            .arg(address);
        capture(&mut curl)?;
        Ok(identifier.to_owned())
    }

    /// Writes the administrator's certificate and key from the kubeconfig into files.
    ///
    /// # Errors
    ///
    /// When there is no such kubeconfig.
    pub(super) fn write_certificate(&self) -> Result<()> {
        for (field, file) in [("client-certificate-data", CERTIFICATE), ("client-key-data", KEY)] {
            let template = format!(r#"{{{{index (index .users 0).user "{field}" | base64decode}}}}"#);
            let mut kubectl = self.node.command("kubectl");
            kubectl.args(["config", "view", "--raw", "--output", &format!("go-template={template}")]);
            fs::write(self.path(file), capture(&mut kubectl)?).with_context(|| format!("writing {file}"))?;
        }
        Ok(())
    }
}
