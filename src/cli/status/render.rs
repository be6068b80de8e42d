//! The status of a live node: what runs, compared with what is configured. Pure.

use super::configured::Configured;
use super::inputs::Inputs;
use super::log::Recent;
use super::ready::Readiness;
use super::running::{ApiServer, KubeletSeen, Log, Running, shown};
use crate::size;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// The status of a live node: for programs and for people.
pub(super) fn render(configured: &Configured, running: &Running, verbose: bool) -> (Value, Vec<String>) {
    let inputs = Inputs { configured, running };
    let mut drift = drift(configured, running);
    drift.extend(configured.drift(inputs.drift()));
    let mut details = configured.details(&drift);
    if let Some(fields) = details.as_object_mut() {
        let api_servers: Vec<Value> = running.api_servers.iter().map(describe_api_server).collect();
        fields.insert("atWork".to_owned(), json!(configured.at_work));
        fields.insert("kubelet".to_owned(), describe_kubelet(&running.kubelet));
        fields.insert("apiServers".to_owned(), Value::from(api_servers));
        let readiness = running.readiness.as_ref().map_or(Value::Null, Readiness::describe);
        fields.insert("readyz".to_owned(), readiness);
        fields.insert("policy".to_owned(), inputs.describe(configured.policy.as_deref()));
        fields.insert("webhook".to_owned(), inputs.describe(configured.webhook.as_deref()));
        fields.insert("log".to_owned(), running.log.as_ref().map_or(Value::Null, describe_log));
    }
    let mut lines = vec![format!("Audit logging: {}", summary(configured, running))];
    lines.extend(configured.at_work.as_ref().map(|run| format!("At work:       another kaudit run, {run}")));
    lines.push(kubelet_line(&running.kubelet));
    lines.extend(api_server_lines(running));
    lines.extend(running.readiness.as_ref().map(Readiness::line));
    lines.extend(configured.manifest_lines());
    lines.extend(inputs.line("Policy:        ", configured.policy.as_deref()));
    lines.extend(inputs.line("Webhook:       ", configured.webhook.as_deref()));
    lines.extend(configured.log.as_deref().map(|path| log_line(path, running.log.as_ref())));
    lines.extend(configured.closing_lines(&drift, verbose));
    (details, lines)
}

fn summary(configured: &Configured, running: &Running) -> &'static str {
    let in_process = running.api_servers.last().map(|api_server| api_server.is_audited);
    match (configured.is_enabled(), in_process) {
        (true, Some(true)) => "on",
        (true, Some(false)) => "on in the manifest, off in the running API server",
        (true, None) => "on in the manifest, but no API server is running",
        (false, Some(true)) => "off in the manifest, on in the running API server",
        (false, Some(false) | None) => "off",
    }
}

fn drift(configured: &Configured, running: &Running) -> Vec<String> {
    let mut drift = Vec::new();
    drift.extend(running.kubelet.as_ref().err().cloned());
    if running.api_servers.is_empty() {
        drift.push("no API server of this node's kubelet is running".to_owned());
    }
    if running.api_servers.len() > 1 {
        let pids: Vec<String> =
            running.api_servers.iter().map(|api_server| api_server.process.pid.to_string()).collect();
        drift.push(format!("several API servers are running: pids {}", pids.join(", ")));
    }
    for ApiServer { process, difference, is_audited, .. } in &running.api_servers {
        match difference {
            Some(difference) => drift.push(format!(
                "the running API server (pid {}) differs from the manifest: {difference}",
                process.pid
            )),
            None if *is_audited && running.log.is_none() => {
                let missing = configured.log.as_ref().map(|path| {
                    format!(
                        "the running API server (pid {}) has audit logging on, but its log {} does not exist",
                        process.pid,
                        path.display()
                    )
                });
                drift.extend(missing);
            }
            None => {}
        }
    }
    drift
}

/// The kubelet, for people.
pub(super) fn kubelet_line(kubelet: &Result<KubeletSeen, String>) -> String {
    match kubelet {
        Ok(KubeletSeen { kubelet, since }) => {
            format!("Kubelet:       running, pid {} since {}", kubelet.process.pid, shown(*since))
        }
        Err(reason) => format!("Kubelet:       {reason}"),
    }
}

fn api_server_lines(running: &Running) -> Vec<String> {
    if running.api_servers.is_empty() {
        return vec!["Running:       no API server".to_owned()];
    }
    let line = |api_server: &ApiServer| match api_server.difference {
        None => api_server_line(api_server, ", matches the manifest"),
        Some(_) => api_server_line(api_server, ", differs from the manifest"),
    };
    running.api_servers.iter().map(line).collect()
}

/// One of the API servers, for people.
pub(super) fn api_server_line(api_server: &ApiServer, state: &str) -> String {
    let ApiServer { process, since, is_audited, .. } = api_server;
    format!(
        "Running:       pid {} since {}, pod {}, audit {}{state}",
        process.pid,
        shown(*since),
        process.pod_uid.as_deref().unwrap_or_default(),
        if *is_audited { "logging on" } else { "logging off" },
    )
}

fn log_line(path: &Path, log: Option<&Log>) -> String {
    let Some(Log { bytes, activity, rotated_files, rotated_bytes, .. }) = log else {
        return format!("Log:           {} (does not exist yet)", path.display());
    };
    let last = activity
        .last_event
        .map_or_else(|| "no event".to_owned(), |time| format!("last event {}", shown(time)));
    let Recent { seconds, events, bytes: recent } = activity.recent;
    let growth = match events {
        0 => format!("none in the last {seconds} s"),
        1 => format!("1 in the last {seconds} s, {}", size::nearest(recent)),
        _ => format!("{events} in the last {seconds} s, {}", size::nearest(recent)),
    };
    let mut line = format!("Log:           {} ({}, {last}; {growth})", path.display(), size::nearest(*bytes));
    if *rotated_files > 0 {
        // Writing to a String cannot fail.
        let _ = write!(line, "\n               {rotated_files} rotated, {}", size::nearest(*rotated_bytes));
    }
    line
}

/// The kubelet, for programs.
pub(super) fn describe_kubelet(kubelet: &Result<KubeletSeen, String>) -> Value {
    match kubelet {
        Ok(KubeletSeen { kubelet, since }) => json!({
            "running": true,
            "pid": kubelet.process.pid,
            "since": shown(*since),
            "config": kubelet.config,
            "staticPodPath": kubelet.static_pod_path,
            "rootDir": kubelet.root_dir,
            "nodeName": kubelet.node_name,
        }),
        Err(reason) => json!({"running": false, "reason": reason}),
    }
}

/// One of the API servers, for programs.
pub(super) fn describe_api_server(api_server: &ApiServer) -> Value {
    let ApiServer { process, since, executable, is_audited, difference } = api_server;
    json!({
        "pid": process.pid,
        "since": shown(*since),
        "podUid": process.pod_uid,
        "executable": executable,
        "audit": is_audited,
        "asManifest": difference.is_none(),
        "difference": difference,
    })
}

fn describe_log(log: &Log) -> Value {
    let Recent { seconds, events, bytes } = log.activity.recent;
    json!({
        "bytes": log.bytes,
        "modified": shown(log.modified),
        "lastEvent": log.activity.last_event.map(shown),
        "recent": {"seconds": seconds, "events": events, "bytes": bytes},
        "rotatedFiles": log.rotated_files,
        "rotatedBytes": log.rotated_bytes,
    })
}
