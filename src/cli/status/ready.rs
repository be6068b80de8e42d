//! Whether the running API server reports that it is ready.

use super::configured::Configured;
use crate::node::{Answer, Ask, Component, EntryKind, Node, Process};
use crate::printable::escape;
use crate::restart::endpoint::endpoint;
use crate::restart::identity::client_certificates;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// An API server that takes longer to answer is not healthy.
const TIMEOUT: Duration = Duration::from_secs(5);
const READYZ: &str = "/readyz";

/// The arguments of an API server after the name of its program.
pub(super) fn own_arguments(process: &Process) -> Vec<&str> {
    let arguments = Component::ApiServer.own_words(&process.arguments).unwrap_or_default();
    arguments.iter().map(String::as_str).collect()
}

/// The result of the readiness request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readiness {
    /// The request was sent to this address.
    Requested { address: String, answer: Answer },
    /// The address cannot be determined from its flags.
    NoAddress(String),
}

/// Asks `process` whether it is ready: without credentials, which kubeadm's API servers allow, and if that is forbidden,
/// with a certificate of this node.
///
/// # Errors
/// The certificates cannot be checked.
pub(super) fn ask(node: &Node, configured: &Configured, process: &Process) -> Result<Readiness> {
    let arguments = own_arguments(process);
    let mounts = configured.manifest.mounts();
    let endpoint = match endpoint(&arguments, &mounts) {
        Ok(endpoint) => endpoint,
        Err(refusal) => return Ok(Readiness::NoAddress(refusal.message)),
    };
    let address = endpoint.address.to_string();
    let mut ask = Ask {
        endpoint,
        from: None,
        identity: None,
        method: "GET",
        path: READYZ.to_owned(),
        body: None,
        audit_id: None,
        timeout: TIMEOUT,
    };
    let mut answer = node.ask(&ask);
    for identity in client_certificates(&arguments, &mounts) {
        if !is_forbidden(&answer) {
            break;
        }
        let exists = |path| Ok::<_, anyhow::Error>(node.target_kind(path)? == EntryKind::File);
        if exists(&identity.certificate)? && exists(&identity.key)? {
            ask.identity = Some(identity);
            answer = node.ask(&ask);
        }
    }
    Ok(Readiness::Requested { address, answer })
}

fn is_forbidden(answer: &Answer) -> bool {
    matches!(answer, Answer::Status { code: 401 | 403, .. })
}

impl Readiness {
    /// For people.
    pub(super) fn line(&self) -> String {
        match self {
            Readiness::Requested { address, answer: Answer::Status { code: 200, .. } } => {
                format!("Ready:         yes, at {address}")
            }
            Readiness::Requested { address, answer } => {
                format!("Ready:         no, at {address}: {}", reason(answer))
            }
            Readiness::NoAddress(reason) => format!("Ready:         unknown: {reason}"),
        }
    }

    /// For programs.
    pub(super) fn describe(&self) -> Value {
        match self {
            Readiness::Requested { address, answer } => json!({
                "ready": answer.is_ok(),
                "address": address,
                "reason": (!answer.is_ok()).then(|| reason(answer)),
            }),
            Readiness::NoAddress(reason) => json!({"ready": null, "address": null, "reason": reason}),
        }
    }
}

/// Why it is not ready: the failed checks of `/readyz`, whose lines begin with `[-]`
/// (`k8s.io/apiserver/pkg/server/healthz/healthz.go`).
fn reason(answer: &Answer) -> String {
    match answer {
        Answer::Nobody(reason) => reason.clone(),
        Answer::Status { code, body } => {
            let failed: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("[-]")).collect();
            if failed.is_empty() {
                format!("HTTP status {code}")
            } else {
                format!("HTTP status {code}: {}", escape(&failed.join("; ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(answer: Answer) -> Readiness {
        Readiness::Requested { address: "127.0.0.1:6443".to_owned(), answer }
    }

    fn status(code: u16, body: &str) -> Answer {
        Answer::Status { code, body: body.to_owned() }
    }

    #[test]
    fn every_answer_is_rendered() {
        let half =
            "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/x ok\nreadyz check failed\n";
        for (readiness, line, ready) in [
            (requested(status(200, "ok")), "Ready:         yes, at 127.0.0.1:6443", Some(true)),
            (
                requested(status(500, half)),
                "Ready:         no, at 127.0.0.1:6443: HTTP status 500: etcd failed: reason withheld",
                Some(false),
            ),
            (
                requested(status(500, "[-]a\u{1b}[2Jb\n")),
                "Ready:         no, at 127.0.0.1:6443: HTTP status 500: a\\u001b[2Jb",
                Some(false),
            ),
            (
                requested(status(401, "{}")),
                "Ready:         no, at 127.0.0.1:6443: HTTP status 401",
                Some(false),
            ),
            (
                requested(Answer::Nobody("connection refused".to_owned())),
                "Ready:         no, at 127.0.0.1:6443: connection refused",
                Some(false),
            ),
            (Readiness::NoAddress("no port".to_owned()), "Ready:         unknown: no port", None),
        ] {
            assert_eq!(readiness.line(), line);
            assert_eq!(readiness.describe().get("ready").and_then(Value::as_bool), ready);
        }
    }
}
