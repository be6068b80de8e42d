//! What is to be said of a live node: what runs, against what the files say. Pure.

use super::configured::Configured;
use super::log::{Activity, Recent};
use crate::audit::disk::print_bytes;
use crate::kubelet::Kubelet;
use crate::node::Process;
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A process reads its files right after its start, and the start is told to the second: what changed this soon after
/// it was there in time or is about to be noticed by whoever changed it.
const START_TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// What runs on a node.
#[derive(Debug)]
pub(super) struct Running {
    /// The kubelet, or why there is none to go by.
    pub(super) kubelet: Result<KubeletSeen, String>,
    /// Its API servers, oldest first. There is one, but for the moments of a restart.
    pub(super) api_servers: Vec<ApiServer>,
    /// When the policy file changed last.
    pub(super) policy_changed: Option<Timestamp>,
    /// Likewise the webhook kubeconfig.
    pub(super) webhook_changed: Option<Timestamp>,
    /// The log; `None`: there is none.
    pub(super) log: Option<Log>,
}

/// The kubelet.
#[derive(Debug)]
pub(super) struct KubeletSeen {
    /// The kubelet.
    pub(super) kubelet: Kubelet,
    /// When it was started.
    pub(super) since: Timestamp,
}

/// A running API server.
#[derive(Debug)]
pub(super) struct ApiServer {
    /// Its process.
    pub(super) process: Process,
    /// When it was started.
    pub(super) since: Timestamp,
    /// The program's file, as it sees it.
    pub(super) executable: Option<PathBuf>,
    /// Whether its flags turn audit logging on.
    pub(super) is_audited: bool,
    /// What tells it from the manifest's API server.
    pub(super) difference: Option<String>,
}

/// The audit log.
#[derive(Debug)]
pub(super) struct Log {
    /// Its size.
    pub(super) bytes: u64,
    /// When it was written to last.
    pub(super) modified: Timestamp,
    /// What its end tells.
    pub(super) activity: Activity,
    /// How many older files of it there are.
    pub(super) rotated_files: usize,
    /// Their size together.
    pub(super) rotated_bytes: u64,
}

/// Everything that `status` says of a live node: for programs and for people.
pub(super) fn render(configured: &Configured, running: &Running, verbose: bool) -> (Value, Vec<String>) {
    let inputs = Inputs { configured, running };
    let mut drift = drift(configured, running);
    drift.extend(configured.drift(inputs.drift()));
    let mut details = configured.details(&drift);
    if let Some(fields) = details.as_object_mut() {
        let api_servers: Vec<Value> = running.api_servers.iter().map(describe_api_server).collect();
        fields.insert("kubelet".to_owned(), describe_kubelet(&running.kubelet));
        fields.insert("apiServers".to_owned(), Value::from(api_servers));
        fields.insert("policy".to_owned(), inputs.describe(configured.policy.as_deref()));
        fields.insert("webhook".to_owned(), inputs.describe(configured.webhook.as_deref()));
        fields.insert("log".to_owned(), running.log.as_ref().map_or(Value::Null, describe_log));
    }
    let mut lines = vec![format!("Audit logging: {}", summary(configured, running)), kubelet_line(running)];
    lines.extend(api_server_lines(running));
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
        (true, None) => "on in the manifest, but no API server runs",
        (false, Some(true)) => "off in the manifest, on in the running API server",
        (false, Some(false) | None) => "off",
    }
}

fn drift(configured: &Configured, running: &Running) -> Vec<String> {
    let mut drift = Vec::new();
    drift.extend(running.kubelet.as_ref().err().cloned());
    if running.api_servers.is_empty() {
        drift.push("no API server of this node's kubelet runs".to_owned());
    }
    if running.api_servers.len() > 1 {
        let pids: Vec<String> =
            running.api_servers.iter().map(|api_server| api_server.process.pid.to_string()).collect();
        drift.push(format!("several API servers run: pids {}", pids.join(", ")));
    }
    for ApiServer { process, difference, is_audited, .. } in &running.api_servers {
        match difference {
            Some(difference) => drift.push(format!(
                "the running API server (pid {}) was not started from this manifest: {difference}",
                process.pid
            )),
            None if *is_audited && running.log.is_none() => {
                drift.extend(configured.log.as_ref().map(|path| {
                    format!(
                        "the running API server (pid {}) has audit logging on, and its log {} is not there",
                        process.pid,
                        path.display()
                    )
                }))
            }
            None => {}
        }
    }
    drift
}

/// The files that the API server reads when it starts, and never again.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    configured: &'a Configured,
    running: &'a Running,
}

impl Inputs<'_> {
    fn changed(self, path: &Path) -> Option<Timestamp> {
        if self.configured.policy.as_deref() == Some(path) {
            self.running.policy_changed
        } else {
            self.running.webhook_changed
        }
    }

    /// Whether a file is not the one that kaudit wrote; `None`: kaudit's records do not tell.
    fn is_edited(self, path: &Path) -> Option<bool> {
        if self.configured.inputs_are_as_written()? {
            return Some(false);
        }
        let history = &self.configured.observed.history;
        Some(
            history.last_written(path).is_none()
                || history.was_edited(path, self.configured.observed.file(path)),
        )
    }

    /// Whether a file was touched after the API server had read it.
    fn is_younger(self, path: &Path) -> Option<bool> {
        let since = self.running.api_servers.last()?.since;
        let limit = since.saturating_add(START_TOLERANCE).unwrap_or(since);
        Some(self.changed(path)? > limit)
    }

    /// Whether the running API server has read the file as it is; `None`: no API server runs, or it is not told.
    fn is_in_force(self, path: &Path) -> Option<bool> {
        match (self.is_younger(path)?, self.is_edited(path)) {
            (false, _) | (true, Some(false)) => Some(true),
            (true, Some(true)) => Some(false),
            (true, None) => None,
        }
    }

    fn drift(self) -> Vec<String> {
        self.configured.inputs().filter_map(|path| self.drift_of(path)).collect()
    }

    fn drift_of(self, path: &Path) -> Option<String> {
        let shown_path = path.display();
        let changed = shown(self.changed(path)?);
        match (self.is_edited(path), self.is_younger(path)) {
            (Some(true), Some(true)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: not in force; kaudit restart takes it"
            )),
            (Some(true), Some(false)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: in force since the API server was started after that"
            )),
            (Some(true), None) => Some(format!(
                "{shown_path} was edited by hand at {changed}: the API server reads it when it starts"
            )),
            (None, Some(true)) => Some(format!(
                "{shown_path} was changed at {changed}, after the API server had read it: what changed is not in force; kaudit restart takes it"
            )),
            (Some(false), _) | (None, _) => None,
        }
    }

    fn describe(self, path: Option<&Path>) -> Value {
        let Some(path) = path else { return Value::Null };
        json!({
            "path": path,
            "changed": self.changed(path).map(shown),
            "inForce": self.is_in_force(path),
        })
    }

    fn line(self, label: &str, path: Option<&Path>) -> Option<String> {
        let path = path?;
        let state = match (self.changed(path), self.is_in_force(path)) {
            (None, _) => " (not there)".to_owned(),
            (Some(changed), Some(true)) => format!(" (of {}, in force)", shown(changed)),
            (Some(changed), Some(false)) => format!(" (of {}, not in force)", shown(changed)),
            (Some(changed), None) => format!(" (of {})", shown(changed)),
        };
        Some(format!("{label}{}{state}", path.display()))
    }
}

fn kubelet_line(running: &Running) -> String {
    match &running.kubelet {
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
    running
        .api_servers
        .iter()
        .map(|ApiServer { process, since, is_audited, difference, .. }| {
            format!(
                "Running:       pid {} since {}, pod {}, audit {}, {}",
                process.pid,
                shown(*since),
                process.pod_uid.as_deref().unwrap_or_default(),
                if *is_audited { "on" } else { "off" },
                if difference.is_none() { "as the manifest says" } else { "not as the manifest says" },
            )
        })
        .collect()
}

fn log_line(path: &Path, log: Option<&Log>) -> String {
    let Some(Log { bytes, activity, rotated_files, rotated_bytes, .. }) = log else {
        return format!("Log:           {} (not there yet)", path.display());
    };
    let last = activity
        .last_event
        .map_or_else(|| "no event".to_owned(), |time| format!("last event {}", shown(time)));
    let Recent { seconds, events, bytes: recent } = activity.recent;
    let mut line = format!(
        "Log:           {} ({}, {last}; in the last {seconds} s {events} events, {})",
        path.display(),
        size(*bytes),
        size(recent as u64),
    );
    if *rotated_files > 0 {
        line.push_str(&format!("\n               {rotated_files} rotated, {}", size(*rotated_bytes)));
    }
    line
}

fn describe_kubelet(kubelet: &Result<KubeletSeen, String>) -> Value {
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

fn describe_api_server(api_server: &ApiServer) -> Value {
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

/// A time to the second.
fn shown(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

fn size(bytes: u64) -> String {
    print_bytes(u128::from(bytes))
}
