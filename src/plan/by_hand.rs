//! The lines to add by hand to a manifest whose form kaudit does not edit.

use super::{CONFIG_DIRECTORY, CONFIG_VOLUME, LOG_VOLUME, POLICY_PATH, WEBHOOK_PATH, Wanted};
use crate::audit::flag::{LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::audit::settings::{Input, RequestedFlag, merge};
use crate::audit::value::STANDARD_OUTPUT;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use std::path::Path;

/// The requested flags, mounts and volumes as text to paste: one entry per place. Empty where an API server would not start
/// with the requested settings.
#[must_use]
pub fn lines_by_hand(wanted: &Wanted) -> Vec<String> {
    let version = wanted.version.clone().unwrap_or(KubernetesVersion {
        minor: NEWEST_KNOWN_MINOR,
        patch: None,
        suffix: String::new(),
    });
    let mut asked = wanted.flags.clone();
    asked.push(RequestedFlag { flag: POLICY_FILE.to_owned(), value: POLICY_PATH.to_owned() });
    if wanted.webhook.is_some() {
        asked.push(RequestedFlag { flag: WEBHOOK_CONFIG_FILE.to_owned(), value: WEBHOOK_PATH.to_owned() });
    }
    let input = Input { existing: &[], requested: &asked, reset: false, without: None, version: &version };
    let Ok(merged) = merge(input) else { return Vec::new() };
    let flags: Vec<String> =
        merged.entries.iter().map(|entry| format!("--{}={}", entry.flag, entry.value)).collect();
    let log = merged.value(LOG_PATH).filter(|path| *path != STANDARD_OUTPUT);
    let log_directory = log.and_then(|path| Path::new(path).parent()).map(|path| path.display().to_string());
    let mut mounts =
        vec![format!("- mountPath: {CONFIG_DIRECTORY}\n  name: {CONFIG_VOLUME}\n  readOnly: true")];
    let mut volumes = vec![volume(CONFIG_VOLUME, CONFIG_DIRECTORY)];
    if let Some(directory) = log_directory {
        mounts.push(format!("- mountPath: {directory}\n  name: {LOG_VOLUME}"));
        volumes.push(volume(LOG_VOLUME, &directory));
    }
    let mut lines = vec![
        format!("or add by hand, to kube-apiserver's arguments:\n{}", flags.join("\n")),
        format!("to the container's volumeMounts:\n{}", mounts.join("\n")),
        format!("to the pod's volumes:\n{}", volumes.join("\n")),
        format!("and put the policy into {POLICY_PATH}"),
    ];
    if wanted.webhook.is_some() {
        lines.push(format!(
            "and the webhook kubeconfig into {WEBHOOK_PATH}, with the files that it refers to beside it"
        ));
    }
    lines
}

fn volume(name: &str, path: &str) -> String {
    format!("- hostPath:\n    path: {path}\n    type: DirectoryOrCreate\n  name: {name}")
}
