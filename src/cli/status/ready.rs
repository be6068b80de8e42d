//! Whether the running API server says that it is ready.

use super::configured::Configured;
use crate::node::{Answer, Ask, Component, EntryKind, Node, Process};
use crate::printable::escape;
use crate::restart::endpoint::endpoint;
use crate::restart::identity::client_certificates;
use anyhow::Result;
use std::time::Duration;

/// An API server that takes longer to say so is in trouble.
const TIMEOUT: Duration = Duration::from_secs(5);
const READYZ: &str = "/readyz";

/// What the API server said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It answered, or did not, at this address.
    Asked { address: String, answer: Answer },
    /// Its flags name no address.
    NoAddress(String),
}

/// Asks `process` whether it is ready: as nobody, which kubeadm's API servers answer, and where this is forbidden with
/// a certificate of this node.
///
/// # Errors
/// The certificates cannot be looked for.
pub(super) fn ask(node: &Node, configured: &Configured, process: &Process) -> Result<Readiness> {
    let words = Component::ApiServer.own_words(&process.arguments).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mounts = configured.manifest.mounts();
    let endpoint = match endpoint(&words, &mounts) {
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
    for identity in client_certificates(&words, &mounts) {
        if !is_forbidden(&answer) {
            break;
        }
        let is_there = |path| Ok::<_, anyhow::Error>(node.target_kind(path)? == EntryKind::File);
        if is_there(&identity.certificate)? && is_there(&identity.key)? {
            ask.identity = Some(identity);
            answer = node.ask(&ask);
        }
    }
    Ok(Readiness::Asked { address, answer })
}

fn is_forbidden(answer: &Answer) -> bool {
    matches!(answer, Answer::Status { code: 401 | 403, .. })
}

impl Readiness {
    /// For people.
    pub(super) fn line(&self) -> String {
        match self {
            Readiness::Asked { address, answer: Answer::Status { code: 200, .. } } => {
                format!("Ready:         yes, at {address}")
            }
            Readiness::Asked { address, answer } => {
                format!("Ready:         no, at {address}: {}", reason(answer))
            }
            Readiness::NoAddress(reason) => format!("Ready:         not known: {reason}"),
        }
    }
}

/// Why it is not ready: of `/readyz` the checks that failed, which begin with `[-]`
/// (`k8s.io/apiserver/pkg/server/healthz/healthz.go`).
pub(super) fn reason(answer: &Answer) -> String {
    match answer {
        Answer::Nobody(reason) => reason.clone(),
        Answer::Status { code, body } => {
            let failed: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("[-]")).collect();
            if failed.is_empty() {
                format!("it answers with status {code}")
            } else {
                format!("it answers with status {code}: {}", escape(&failed.join("; ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::status::view::ReadinessView;

    fn asked(answer: Answer) -> Readiness {
        Readiness::Asked { address: "127.0.0.1:6443".to_owned(), answer }
    }

    fn status(code: u16, body: &str) -> Answer {
        Answer::Status { code, body: body.to_owned() }
    }

    #[test]
    fn every_answer_has_its_line() {
        let half =
            "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/x ok\nreadyz check failed\n";
        for (readiness, line, ready) in [
            (asked(status(200, "ok")), "Ready:         yes, at 127.0.0.1:6443", Some(true)),
            (
                asked(status(500, half)),
                "Ready:         no, at 127.0.0.1:6443: it answers with status 500: etcd failed: reason withheld",
                Some(false),
            ),
            (
                asked(status(500, "[-]a\u{1b}[2Jb\n")),
                "Ready:         no, at 127.0.0.1:6443: it answers with status 500: a\\u001b[2Jb",
                Some(false),
            ),
            (
                asked(status(401, "{}")),
                "Ready:         no, at 127.0.0.1:6443: it answers with status 401",
                Some(false),
            ),
            (
                asked(Answer::Nobody("connection refused".to_owned())),
                "Ready:         no, at 127.0.0.1:6443: connection refused",
                Some(false),
            ),
            (Readiness::NoAddress("no port".to_owned()), "Ready:         not known: no port", None),
        ] {
            assert_eq!(readiness.line(), line);
            assert_eq!(ReadinessView::from(&readiness).ready, ready);
        }
    }
}
