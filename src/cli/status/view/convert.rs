//! What was found on the node, as the section of the JSON object.

use super::{
    ApiServerView, ConfiguredView, GenerationView, InputView, KubeletView, LiveView, LogView,
    MovedOutRunning, MovedOutView, ReadinessView, RecentView, StatusView, UnfinishedView,
};
use crate::cli::status::configured::Configured;
use crate::cli::status::inputs::Inputs;
use crate::cli::status::ready::{Readiness, reason};
use crate::cli::status::running::{ApiServer, KubeletSeen, Log, Running, shown};
use crate::generation::{History, Record};
use crate::transaction::Underway;
use std::path::Path;

impl StatusView {
    /// The node of a directory tree.
    pub(in crate::cli::status) fn of_tree(configured: &Configured, drift: &[String]) -> Self {
        Self::Configured(Box::new(ConfiguredView::of(configured, drift, None)))
    }

    /// A live node.
    pub(in crate::cli::status) fn of_node(
        configured: &Configured,
        running: &Running,
        drift: &[String],
    ) -> Self {
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
        Self::Configured(Box::new(ConfiguredView::of(configured, drift, Some(live))))
    }

    /// A node without its manifest.
    pub(in crate::cli::status) fn of_moved_out(
        underway: &Underway,
        manifest: &Path,
        history: &History,
        running: Option<&(Result<KubeletSeen, String>, Vec<ApiServer>)>,
    ) -> Self {
        Self::MovedOut(Box::new(MovedOutView {
            enabled: (),
            manifest: text(manifest),
            unfinished: underway.into(),
            drift: vec!["the manifest does not exist: a kaudit run is not complete"],
            generations: generations(history),
            running: running.map(|(kubelet, api_servers)| MovedOutRunning {
                at_work: underway.holder.clone(),
                kubelet: kubelet.into(),
                api_servers: api_servers.iter().map(ApiServerView::from).collect(),
            }),
        }))
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
    let view = |record: &Record| GenerationView {
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
            Readiness::Requested { address, answer } => Self {
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
