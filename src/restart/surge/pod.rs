//! The manifest of the surge pod: the planned one, changed so that two of them can run on one node.
//!
//! It is made from the decoded value, not from the text, and written as JSON: it exists for a minute, nobody edits it, and
//! the value has every field, also those that this kaudit does not know.

use super::check;
use super::command_line::CommandLine;
use super::fitness::require_fit;
use super::flags::{DROPPED_FLAGS, POD_NAME, flags};
use super::log::SurgeLog;
use super::probes::{self, Move};
use crate::diagnostic::Diagnostic;
use crate::manifest::{FlagList, Manifest};
use crate::restart::endpoint::endpoint;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::num::NonZeroU16;

/// Its file in the kubelet's directory. No leading dot: the kubelet has to read it.
pub const FILE_NAME: &str = "kaudit-surge.yaml";

/// Annotations that change how a pod runs, by the beginning of their keys: security profiles, sysctls and priority before
/// there were fields for them, and what the kubelet passes to containerd, CRI-O and Kata.
const KEPT_ANNOTATIONS: [&str; 9] = [
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
    "io.containerd.",
    "io.katacontainers.",
    "io.kubernetes.cri",
    "scheduler.alpha.kubernetes.io/critical-pod",
    "seccomp.security.alpha.kubernetes.io/",
    "security.alpha.kubernetes.io/sysctls",
    "security.alpha.kubernetes.io/unsafe-sysctls",
];

/// Go ≥ 1.24 listens with MPTCP, and connections cannot be steered to such a socket: a BPF map refuses it
/// (`EOPNOTSUPP`).
const GODEBUG: (&str, &str) = ("GODEBUG", "multipathtcp=0");

/// The surge pod of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurgePod {
    /// The bytes of its manifest.
    pub manifest: Vec<u8>,
    /// Its audit log, if that is a file.
    pub log: Option<SurgeLog>,
}

/// The surge pod of the `planned` manifest, listening on the free `port`; `time` is now, for the name of its log.
///
/// # Errors
/// This pod cannot run twice, and why. It can still be restarted with another method.
pub fn surge_pod(planned: &Manifest, port: NonZeroU16, time: Timestamp) -> Result<SurgePod, Diagnostic> {
    require_fit(planned)?;
    let api_server = planned.api_server();
    let served = endpoint(&api_server.arguments(), &[])?.address.port();
    if served == port.get() {
        return Err(Diagnostic::error(format!(
            "port {port} is the API server's own: the second one needs another port"
        )));
    }
    let log = SurgeLog::of(planned, time)?;
    let mut line = CommandLine::of(api_server);
    for (flag, value) in flags(port, log.as_ref()) {
        line.set(flag, &value);
    }
    for flag in DROPPED_FLAGS {
        line.remove(flag);
    }

    let mut pod = planned.document().value().clone();
    let metadata = metadata(pod.get("metadata").unwrap_or(&Value::Null));
    let root = pod.as_object_mut().ok_or_else(|| check::wrong("it is not a mapping"))?;
    root.insert("metadata".to_owned(), metadata);
    let spec = root.get_mut("spec").and_then(Value::as_object_mut);
    let spec = spec.ok_or_else(|| check::wrong("it has no spec"))?;
    // The kubelet evicts other pods if a static pod requests more than is free.
    spec.remove("resources");
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    let container =
        containers.and_then(|containers| containers.get_mut(api_server.container)?.as_object_mut());
    let container = container.ok_or_else(|| check::wrong("it has no container"))?;
    for list in [FlagList::Command, FlagList::Args] {
        let before = strings(container.get(list.key()));
        let after = line.items(list, api_server, &before);
        if after != before {
            container.insert(list.key().to_owned(), Value::from(after));
        }
    }
    set_godebug(container)?;
    probes::redirect(container, Move { from: served, to: port })?;
    // Nothing needs its declared ports, and the kubelet may not admit a second pod with the same ones.
    container.remove("ports");
    container.remove("resources");

    let manifest = format!("{pod:#}\n").into_bytes();
    check::require_as_intended(planned, &manifest, port, log.as_ref())?;
    Ok(SurgePod { manifest, log })
}

/// Metadata that distinguish the pod from the API server's, and that name kaudit.
fn metadata(planned: &Value) -> Value {
    let mut annotations: Map<String, Value> = Map::new();
    for (key, value) in planned.get("annotations").and_then(Value::as_object).into_iter().flatten() {
        if KEPT_ANNOTATIONS.iter().any(|start| key.starts_with(start)) {
            annotations.insert(key.clone(), value.clone());
        }
    }
    let description = "serves while kaudit restarts kube-apiserver; kaudit removes it";
    annotations.insert("kubernetes.io/description".to_owned(), Value::from(description));
    let mut metadata = json!({
        "annotations": annotations,
        "labels": {"app.kubernetes.io/managed-by": "kaudit"},
        "name": POD_NAME,
    });
    if let (Some(namespace), Some(map)) = (planned.get("namespace"), metadata.as_object_mut()) {
        map.insert("namespace".to_owned(), namespace.clone());
    }
    metadata
}

fn set_godebug(container: &mut Map<String, Value>) -> Result<(), Diagnostic> {
    let (name, setting) = GODEBUG;
    if container.get("env").is_none_or(Value::is_null) {
        container.insert("env".to_owned(), json!([]));
    }
    let entries = container.get_mut("env").and_then(Value::as_array_mut);
    let entries = entries.ok_or_else(|| check::wrong("its env is not a list"))?;
    // Of several entries the last one counts, and of several settings too (`internal/godebug`).
    let found = entries.iter_mut().rfind(|entry| entry.get("name").and_then(Value::as_str) == Some(name));
    let Some(entry) = found else {
        entries.push(json!({"name": name, "value": setting}));
        return Ok(());
    };
    if entry.get("valueFrom").is_some_and(|from| !from.is_null()) {
        return Err(Diagnostic::error(format!(
            "the environment entry {name} has a valueFrom: kaudit cannot add {setting} to it"
        )));
    }
    let value = match entry.get("value").and_then(Value::as_str) {
        None | Some("") => setting.to_owned(),
        Some(value) => format!("{value},{setting}"),
    };
    *entry = json!({"name": name, "value": value});
    Ok(())
}

pub(super) fn strings(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests;
