//! Environment entries of the API server's container.

use super::Wanted;
use crate::audit::env::{self, EnvEntry};
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::generation::Owned;
use crate::manifest::Manifest;
use crate::yaml::Edit;
use serde_json::{Value, json};
use std::path::Path;

/// The changes of the environment.
#[derive(Debug, Default)]
pub(super) struct EnvironmentEdits {
    /// The edits.
    pub edits: Vec<Edit>,
    /// Names of the entries that are added.
    pub added: Vec<String>,
    /// Names of kaudit's entries that are removed.
    pub dropped: Vec<String>,
    /// Remarks.
    pub notes: Vec<Diagnostic>,
}

/// Decides the environment: the requested entries, and kaudit's present ones (`owned`). Those for Logtail follow the log;
/// there is one cluster, because each would collect the log.
///
/// # Errors
/// An entry is invalid, is requested with two values, or has a `valueFrom`.
pub(super) fn plan_environment(
    manifest: &Manifest,
    wanted: &Wanted,
    version: &KubernetesVersion,
    log_path: Option<&Path>,
    owned: &Owned,
) -> Result<EnvironmentEdits, Diagnostic> {
    let mut requested = requested(wanted, version, log_path)?;
    let there = manifest.container().and_then(|container| container.env.as_deref()).unwrap_or_default();
    let ours: Vec<&str> = there
        .iter()
        .filter(|var| var.value_from.is_none() && owned.environment.contains(&var.name))
        .map(|var| var.name.as_str())
        .collect();
    let mut notes = Vec::new();
    let mut dropped: Vec<String> = Vec::new();
    for id in env::logtail_clusters(&ours).into_iter().filter(|_| !wanted.reset) {
        let path = log_path.map(Path::to_string_lossy);
        let entries = env::logtail(id, path.as_deref().unwrap_or("/"))?;
        match (&wanted.logtail_cluster_id, path) {
            (Some(asked), _) if asked == id => continue,
            (None, Some(_)) => {
                let [log, ..] = entries;
                if !has(&requested, &log.name) {
                    requested.push(log);
                }
                continue;
            }
            (Some(asked), _) => notes.push(Diagnostic::info(format!(
                "the environment entries for Logtail cluster {id} are replaced by those for {asked}"
            ))),
            (None, None) => notes.push(Diagnostic::info(format!(
                "the environment entries for Logtail cluster {id} are removed, because there is no log file any more"
            ))),
        }
        dropped.extend(entries.into_iter().map(|entry| entry.name));
    }
    if wanted.reset {
        dropped.extend(ours.iter().map(|name| (*name).to_owned()));
    }
    dropped.retain(|name| !has(&requested, name));
    if wanted.reset {
        notes.extend(dropped.iter().map(|name| {
            Diagnostic::info(format!(
                "the environment entry {name} is removed: --reset is given and the entry is not"
            ))
        }));
    }
    let mut result = edit_environment(manifest, &requested, &dropped)?;
    result.notes.splice(0..0, notes);
    result.dropped = dropped;
    Ok(result)
}

fn has(entries: &[EnvEntry], name: &str) -> bool {
    entries.iter().any(|entry| entry.name == name)
}

/// The requested entries, each once.
fn requested(
    wanted: &Wanted,
    version: &KubernetesVersion,
    log_path: Option<&Path>,
) -> Result<Vec<EnvEntry>, Diagnostic> {
    let mut asked = Vec::new();
    for text in &wanted.environment {
        asked.push(env::parse(text, version)?);
    }
    if let Some(id) = &wanted.logtail_cluster_id {
        let Some(path) = log_path else {
            return Err(Diagnostic::error("--logtail-cluster-id requires a log file")
                .help("add --log-path /var/log/kubernetes/audit/audit.log"));
        };
        asked.extend(env::logtail(id, &path.to_string_lossy())?);
    }
    let mut entries: Vec<EnvEntry> = Vec::new();
    for entry in asked {
        match entries.iter().find(|earlier| earlier.name == entry.name) {
            None => entries.push(entry),
            Some(earlier) if *earlier == entry => {}
            // The values may be secret.
            Some(_) => {
                return Err(Diagnostic::error(format!(
                    "the environment entry {} is requested with two values",
                    entry.name
                ))
                .help("set it once; --logtail-cluster-id sets those that begin with aliyun_logs_audit-"));
            }
        }
    }
    Ok(entries)
}

/// The edits after which each wanted entry exists once with its value, and no dropped one.
///
/// # Errors
/// A present entry has a `valueFrom`.
fn edit_environment(
    manifest: &Manifest,
    wanted: &[EnvEntry],
    dropped: &[String],
) -> Result<EnvironmentEdits, Diagnostic> {
    let list = manifest.container_path().key("env");
    let there = manifest.container().and_then(|container| container.env.as_deref()).unwrap_or_default();
    let mut result = EnvironmentEdits::default();
    let mut new_items = Vec::new();
    let free: Vec<usize> = there
        .iter()
        .enumerate()
        .filter(|(_, var)| dropped.contains(&var.name))
        .map(|(index, _)| index)
        .collect();
    let mut free = free.into_iter();
    for entry in wanted {
        // The last of equal names wins in the container, as in a shell.
        match there.iter().enumerate().rev().find(|(_, var)| var.name == entry.name) {
            Some((index, var)) if var.value_from.is_some() => {
                let refusal =
                    Diagnostic::error(format!("the environment entry {} has a valueFrom", var.name))
                        .help("kaudit does not replace a valueFrom; remove the entry or use another name");
                return Err(manifest.document().point(refusal, &list.index(index)));
            }
            Some((_, var)) if var.value.as_deref().unwrap_or_default() == entry.value => {}
            Some((index, _)) => {
                result
                    .notes
                    .push(Diagnostic::info(format!("the environment entry {} gets a new value", entry.name)));
                let value = Value::String(entry.value.clone());
                result.edits.push(Edit::Put { path: list.index(index), key: "value".to_owned(), value });
            }
            None => {
                result.added.push(entry.name.clone());
                // In place of a removed one, because the list must not become empty in between.
                if let Some(path) = free.next().map(|index| list.index(index)) {
                    for (key, text) in [("name", &entry.name), ("value", &entry.value)] {
                        let value = Value::String(text.clone());
                        result.edits.push(Edit::Put { path: path.clone(), key: key.to_owned(), value });
                    }
                } else {
                    new_items.push(json!({"name": entry.name, "value": entry.value}));
                }
            }
        }
    }
    let free: Vec<usize> = free.collect();
    if !free.is_empty() && free.len() == there.len() {
        result.edits.push(Edit::Remove { path: list.clone() });
    } else {
        result.edits.extend(free.into_iter().map(|index| Edit::Remove { path: list.index(index) }));
    }
    if new_items.is_empty() {
        return Ok(result);
    }
    if manifest.document().node(&list).is_some() {
        result.edits.extend(new_items.into_iter().map(|value| Edit::Insert {
            path: list.clone(),
            index: there.len(),
            value,
        }));
    } else {
        let path = manifest.container_path();
        result.edits.push(Edit::Put { path, key: "env".to_owned(), value: Value::Array(new_items) });
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
