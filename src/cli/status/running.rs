//! What is to be said of a live node: what runs, against what the files say. Pure.

use super::configured::Configured;
use super::inputs::Inputs;
use super::log::{Activity, Recent};
use super::ready::Readiness;
use super::view::StatusView;
use crate::kubelet::Kubelet;
use crate::node::Process;
use crate::size;
use jiff::{Timestamp, Unit};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What runs on a node.
#[derive(Debug)]
pub(super) struct Running {
    /// The kubelet, or why there is none to go by.
    pub(super) kubelet: Result<KubeletSeen, String>,
    /// Its API servers, oldest first. There is one, but for the moments of a restart.
    pub(super) api_servers: Vec<ApiServer>,
    /// What the youngest of them said when it was asked.
    pub(super) readiness: Option<Readiness>,
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
pub(super) fn render(configured: &Configured, running: &Running, verbose: bool) -> (StatusView, Vec<String>) {
    let inputs = Inputs { configured, running };
    let mut drift = drift(configured, running);
    drift.extend(configured.drift(inputs.drift()));
    let mut lines = vec![format!("Audit logging: {}", summary(configured, running))];
    lines.extend(configured.at_work.as_ref().map(|run| format!("At work:       kaudit, {run}")));
    lines.push(kubelet_line(&running.kubelet));
    lines.extend(api_server_lines(running));
    lines.extend(running.readiness.as_ref().map(Readiness::line));
    lines.extend(configured.manifest_lines());
    lines.extend(inputs.line("Policy:        ", configured.policy.as_deref()));
    lines.extend(inputs.line("Webhook:       ", configured.webhook.as_deref()));
    lines.extend(configured.log.as_deref().map(|path| log_line(path, running.log.as_ref())));
    lines.extend(configured.closing_lines(&drift, verbose));
    (StatusView::of_node(configured, running, &drift), lines)
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
                let missing = configured.log.as_ref().map(|path| {
                    format!(
                        "the running API server (pid {}) has audit logging on, and its log {} is not there",
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
    let line = |api_server: &ApiServer| {
        let is_same = api_server.difference.is_none();
        api_server_line(
            api_server,
            if is_same { ", as the manifest says" } else { ", not as the manifest says" },
        )
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
        if *is_audited { "on" } else { "off" },
    )
}

fn log_line(path: &Path, log: Option<&Log>) -> String {
    let Some(Log { bytes, activity, rotated_files, rotated_bytes, .. }) = log else {
        return format!("Log:           {} (not there yet)", path.display());
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

/// A time to the second.
pub(super) fn shown(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}
