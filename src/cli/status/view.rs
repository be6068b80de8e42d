//! The section of the JSON object of `status`.

mod convert;

use crate::report::Section;
use crate::transaction::Phase;
use serde::Serialize;
use std::collections::BTreeMap;

/// `status`: what is configured and what runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(in crate::cli) enum StatusView {
    /// There is a manifest.
    Configured(Box<ConfiguredView>),
    /// An unfinished run has moved the manifest out.
    MovedOut(Box<MovedOutView>),
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
