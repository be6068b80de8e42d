//! The section of the JSON object of `status`.

use super::configured::Configured;
use super::inputs::Inputs;
use super::ready::{Readiness, reason};
use super::running::{ApiServer, KubeletSeen, Log, Running, shown};
use crate::generation::History;
use crate::report::Section;
use crate::transaction::{Phase, Underway};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `status`: what is configured and what runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(in crate::cli) enum StatusView {
    /// There is a manifest.
    Configured(ConfiguredView),
    /// An unfinished run has moved the manifest out.
    MovedOut(MovedOutView),
}

impl Section for StatusView {
    const KEY: &'static str = "status";
}

/// A node with a manifest.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ConfiguredView {
    /// Whether the manifest turns audit logging on.
    enabled: bool,
    /// The path of the manifest.
    manifest: String,
    /// The image of the API server.
    image: String,
    /// The audit flags without `--`.
    flags: BTreeMap<String, String>,
    /// The path of the policy on the host.
    policy_file: Option<String>,
    /// The path of the log on the host.
    log_file: Option<String>,
    /// The size of the log; null if it does not exist.
    log_bytes: Option<u64>,
    /// How the node differs from what the manifest was written for.
    drift: Vec<String>,
    /// The changes that kaudit made, oldest first.
    generations: Vec<GenerationView>,
    /// A run that has not finished.
    unfinished: Option<UnfinishedView>,
    /// On a live node only.
    #[serde(flatten)]
    live: Option<LiveView>,
}

/// What runs on a live node.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LiveView {
    /// The run of kaudit that is in progress.
    at_work: Option<String>,
    kubelet: KubeletView,
    /// The API servers, oldest first.
    api_servers: Vec<ApiServerView>,
    /// What the newest API server answered to `/readyz`; null if none runs.
    readyz: Option<ReadinessView>,
    policy: Option<InputView>,
    /// The webhook kubeconfig.
    webhook: Option<InputView>,
    log: Option<LogView>,
}

/// A node whose manifest is moved out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct MovedOutView {
    /// Not known without a manifest.
    enabled: (),
    /// The path at which the manifest should be.
    manifest: String,
    unfinished: UnfinishedView,
    drift: Vec<&'static str>,
    /// The changes that kaudit made, oldest first.
    generations: Vec<GenerationView>,
    /// On a live node only.
    #[serde(flatten)]
    running: Option<MovedOutRunning>,
}

/// What runs on a live node whose manifest is moved out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct MovedOutRunning {
    /// The run of kaudit that is in progress.
    at_work: Option<String>,
    kubelet: KubeletView,
    /// The API servers, oldest first.
    api_servers: Vec<ApiServerView>,
}

/// A change that kaudit made.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct GenerationView {
    generation: u64,
    time: String,
    command: String,
    /// The files that it changed.
    files: Vec<String>,
}

/// A run that has not finished.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
enum UnfinishedView {
    /// Its journal can be read.
    Journal {
        generation: u64,
        phase: Phase,
        since: String,
        /// The process that runs it; null if it died.
        at_work: Option<String>,
    },
    /// Its journal cannot be read.
    Unreadable {
        /// Why not.
        unreadable: String,
        /// The process that runs it; null if it died.
        at_work: Option<String>,
    },
}

/// The kubelet.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
enum KubeletView {
    /// It runs.
    Running {
        running: bool,
        pid: i32,
        since: String,
        /// The path of its configuration file.
        config: Option<String>,
        static_pod_path: Option<String>,
        root_dir: String,
        node_name: String,
    },
    /// It does not run, or it is not clear which process it is.
    Unknown { running: bool, reason: String },
}

/// A running API server.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ApiServerView {
    pid: i32,
    since: String,
    pod_uid: Option<String>,
    /// The path of the program in its container.
    executable: Option<String>,
    /// Whether its flags turn audit logging on.
    audit: bool,
    /// Whether it was started from this manifest.
    as_manifest: bool,
    /// How it differs from the manifest.
    difference: Option<String>,
}

/// What an API server answered to `/readyz`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadinessView {
    /// Null if it is not known.
    pub(super) ready: Option<bool>,
    address: Option<String>,
    /// Why it is not ready, or why that is not known.
    reason: Option<String>,
}

/// A file that the API server reads when it starts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct InputView {
    path: String,
    /// When it was changed last.
    changed: Option<String>,
    /// Whether the running API server has read it as it is; null if that is not known.
    in_force: Option<bool>,
}

/// The audit log.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LogView {
    bytes: u64,
    /// When it was written to last.
    modified: String,
    /// The time of the last event.
    last_event: Option<String>,
    recent: RecentView,
    rotated_files: usize,
    rotated_bytes: u64,
}

/// The events of the last seconds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct RecentView {
    seconds: i64,
    events: usize,
    bytes: u64,
}

impl StatusView {
    /// The node of a directory tree.
    pub(super) fn of_tree(configured: &Configured, drift: &[String]) -> Self {
        Self::Configured(ConfiguredView::of(configured, drift, None))
    }

    /// A live node.
    pub(super) fn of_node(configured: &Configured, running: &Running, drift: &[String]) -> Self {
        let inputs = Inputs { configured, running };
        let live = LiveView {
            at_work: configured.at_work.clone(),
            kubelet: (&running.kubelet).into(),
            api_servers: running.api_servers.iter().map(ApiServerView::from).collect(),
            readyz: running.readiness.as_ref().map(ReadinessView::from),
            policy: configured.policy.as_deref().map(|path| InputView::of(inputs, path)),
            webhook: configured.webhook.as_deref().map(|path| InputView::of(inputs, path)),
            log: running.log.as_ref().map(LogView::from),
        };
        Self::Configured(ConfiguredView::of(configured, drift, Some(live)))
    }

    /// A node without its manifest.
    pub(super) fn of_moved_out(
        underway: &Underway,
        manifest: &Path,
        history: &History,
        running: Option<&(Result<KubeletSeen, String>, Vec<ApiServer>)>,
    ) -> Self {
        Self::MovedOut(MovedOutView {
            enabled: (),
            manifest: text(manifest),
            unfinished: underway.into(),
            drift: vec!["there is no manifest: a run of kaudit has not finished"],
            generations: generations(history),
            running: running.map(|(kubelet, api_servers)| MovedOutRunning {
                at_work: underway.holder.clone(),
                kubelet: kubelet.into(),
                api_servers: api_servers.iter().map(ApiServerView::from).collect(),
            }),
        })
    }
}

impl ConfiguredView {
    fn of(configured: &Configured, drift: &[String], live: Option<LiveView>) -> Self {
        Self {
            enabled: configured.is_enabled(),
            manifest: text(&configured.observed.manifest_path),
            image: configured.manifest.api_server().image.clone(),
            flags: configured.flags.clone(),
            policy_file: configured.policy.as_deref().map(text),
            log_file: configured.log.as_deref().map(text),
            log_bytes: configured.log_size,
            drift: drift.to_vec(),
            generations: generations(&configured.observed.history),
            unfinished: configured.underway.as_ref().map(UnfinishedView::from),
            live,
        }
    }
}

fn generations(history: &History) -> Vec<GenerationView> {
    let view = |record: &crate::generation::Record| GenerationView {
        generation: record.number,
        time: record.time.clone(),
        command: record.command.clone(),
        files: record.files.iter().map(|file| text(&file.path)).collect(),
    };
    history.records().iter().map(view).collect()
}

/// A path as text. JSON cannot express other bytes.
fn text(path: &Path) -> String {
    path.display().to_string()
}

impl From<&Underway> for UnfinishedView {
    fn from(underway: &Underway) -> Self {
        let at_work = underway.holder.clone();
        match &underway.journal {
            Ok(journal) => Self::Journal {
                generation: journal.generation,
                phase: journal.phase,
                since: journal.since.clone(),
                at_work,
            },
            Err(why) => Self::Unreadable { unreadable: why.clone(), at_work },
        }
    }
}

impl From<&Result<KubeletSeen, String>> for KubeletView {
    fn from(kubelet: &Result<KubeletSeen, String>) -> Self {
        match kubelet {
            Ok(KubeletSeen { kubelet, since }) => Self::Running {
                running: true,
                pid: kubelet.process.pid,
                since: shown(*since),
                config: kubelet.config.as_deref().map(text),
                static_pod_path: kubelet.static_pod_path.as_deref().map(text),
                root_dir: text(&kubelet.root_dir),
                node_name: kubelet.node_name.clone(),
            },
            Err(reason) => Self::Unknown { running: false, reason: reason.clone() },
        }
    }
}

impl From<&ApiServer> for ApiServerView {
    fn from(api_server: &ApiServer) -> Self {
        let ApiServer { process, since, executable, is_audited, difference } = api_server;
        Self {
            pid: process.pid,
            since: shown(*since),
            pod_uid: process.pod_uid.clone(),
            executable: executable.as_deref().map(text),
            audit: *is_audited,
            as_manifest: difference.is_none(),
            difference: difference.clone(),
        }
    }
}

impl From<&Readiness> for ReadinessView {
    fn from(readiness: &Readiness) -> Self {
        match readiness {
            Readiness::Asked { address, answer } => Self {
                ready: Some(answer.is_ok()),
                address: Some(address.clone()),
                reason: (!answer.is_ok()).then(|| reason(answer)),
            },
            Readiness::NoAddress(reason) => Self { ready: None, address: None, reason: Some(reason.clone()) },
        }
    }
}

impl InputView {
    fn of(inputs: Inputs<'_>, path: &Path) -> Self {
        Self {
            path: text(path),
            changed: inputs.changed(path).map(shown),
            in_force: inputs.is_in_force(path),
        }
    }
}

impl From<&Log> for LogView {
    fn from(log: &Log) -> Self {
        let recent = &log.activity.recent;
        Self {
            bytes: log.bytes,
            modified: shown(log.modified),
            last_event: log.activity.last_event.map(shown),
            recent: RecentView { seconds: recent.seconds, events: recent.events, bytes: recent.bytes },
            rotated_files: log.rotated_files,
            rotated_bytes: log.rotated_bytes,
        }
    }
}
