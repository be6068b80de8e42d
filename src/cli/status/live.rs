//! Reads what runs on a live node.

use super::configured::{Configured, is_enabled};
use super::log::{END_LIMIT, activity};
use super::ready::{self, own_arguments};
use super::running::{ApiServer, KubeletSeen, Log, Running};
use crate::audit::argv;
use crate::diagnostic::Diagnostic;
use crate::kubelet::{DEFAULT_ROOT, Kubelet};
use crate::manifest::Manifest;
use crate::node::{Node, Process};
use crate::restart::process_match;
use crate::rotation::rotated_at;
use anyhow::Result;
use jiff::Timestamp;
use std::path::Path;

/// Reads the state of the kubelet, the API servers, the files that they read and the log that they write. Missing parts are
/// reported, not refused.
///
/// # Errors
/// Something exists and cannot be read.
pub(super) fn look(
    node: &Node,
    kubelet: &Result<Kubelet, Vec<Diagnostic>>,
    configured: &Configured,
    now: Timestamp,
) -> Result<Running> {
    let api_servers = look_at_api_servers(node, kubelet, Some(&configured.manifest))?;
    let readiness = match api_servers.last() {
        Some(api_server) => Some(ready::ask(node, configured, &api_server.process)?),
        None => None,
    };
    let changed = |path: Option<&Path>| match path {
        Some(path) => node.changed_at(path),
        None => Ok(None),
    };
    Ok(Running {
        kubelet: look_at_kubelet(node, kubelet)?,
        api_servers,
        readiness,
        policy_changed: changed(configured.policy.as_deref())?,
        webhook_changed: changed(configured.webhook.as_deref())?,
        log: match &configured.log {
            Some(path) => look_at_log(node, path, now)?,
            None => None,
        },
    })
}

/// The running kubelet, or why there is none.
///
/// # Errors
/// It runs, and its process cannot be inspected.
pub(super) fn look_at_kubelet(
    node: &Node,
    kubelet: &Result<Kubelet, Vec<Diagnostic>>,
) -> Result<Result<KubeletSeen, String>> {
    Ok(match kubelet {
        Ok(kubelet) => {
            let since = node.processes().started_at(&kubelet.process)?;
            Ok(KubeletSeen { since, kubelet: kubelet.clone() })
        }
        Err(refusals) => Err(refusals.first().map(|refusal| refusal.message.clone()).unwrap_or_default()),
    })
}

/// The kubelet's API servers, oldest first, compared with the manifest if there is one.
///
/// # Errors
/// They run, and a process cannot be inspected.
pub(super) fn look_at_api_servers(
    node: &Node,
    kubelet: &Result<Kubelet, Vec<Diagnostic>>,
    manifest: Option<&Manifest>,
) -> Result<Vec<ApiServer>> {
    let processes = node.processes();
    let root = kubelet.as_ref().map_or(Path::new(DEFAULT_ROOT), |kubelet| &kubelet.root_dir);
    let mut api_servers = Vec::new();
    for process in processes.api_servers(root)? {
        api_servers.push(ApiServer {
            since: processes.started_at(&process)?,
            executable: processes.executable(&process)?,
            is_audited: is_audited(&process),
            difference: manifest.and_then(|manifest| process_match::difference(manifest, &process)),
            process,
        });
    }
    Ok(api_servers)
}

/// Whether the API server was started with audit logging.
fn is_audited(process: &Process) -> bool {
    let arguments = own_arguments(process);
    is_enabled(|flag| argv::lookup(&arguments, flag).is_some())
}

fn look_at_log(node: &Node, path: &Path, now: Timestamp) -> Result<Option<Log>> {
    let Some(end) = node.file_end(path, END_LIMIT)? else { return Ok(None) };
    let mut log = Log {
        bytes: end.size,
        modified: end.modified,
        activity: activity(&end.bytes, end.size <= END_LIMIT, now),
        rotated_files: 0,
        rotated_bytes: 0,
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let directory = path.parent().unwrap_or(Path::new("/"));
    for entry in node.list(directory)?.iter().filter(|entry| rotated_at(&entry.name, &name).is_some()) {
        // `None`: the API server has removed it in the meantime.
        if let Some(bytes) = node.file_size(&directory.join(&entry.name))? {
            log.rotated_files += 1;
            log.rotated_bytes += bytes;
        }
    }
    Ok(Some(log))
}
