//! Environment entries of the API server's container.

use super::Wanted;
use crate::audit::env::{self, EnvEntry};
use crate::audit::version::KubernetesVersion;
use crate::generation::Owned;
use crate::manifest::Manifest;
use crate::note::Note;
use crate::refusal::Refusal;
use crate::yaml::Edit;
use serde_json::{Value, json};
use std::path::Path;

/// What the environment needs.
#[derive(Debug, Default)]
pub(super) struct EnvironmentEdits {
    /// The edits.
    pub edits: Vec<Edit>,
    /// Names of the entries that are added, not those that were there.
    pub added: Vec<String>,
    /// Names of kaudit's entries that go.
    pub dropped: Vec<String>,
    /// Remarks.
    pub notes: Vec<Note>,
}

/// Decides the environment: what is asked for, and what becomes of the entries that are kaudit's (`owned`). Those for
/// Logtail follow the log; there is one cluster, because each would collect the log.
///
/// # Errors
/// An entry that cannot be, or that is asked for with two values; one that takes its value from elsewhere.
pub(super) fn plan_environment(
    manifest: &Manifest,
    wanted: &Wanted,
    version: &KubernetesVersion,
    log_path: Option<&Path>,
    owned: &Owned,
) -> Result<EnvironmentEdits, Refusal> {
    let mut wished = wished(wanted, version, log_path)?;
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
                if !has(&wished, &log.name) {
                    wished.push(log);
                }
                continue;
            }
            (Some(asked), _) => notes.push(Note::info(format!(
                "the environment entries by which Logtail finds the log for cluster {id} give way to those for {asked}"
            ))),
            (None, None) => notes.push(Note::info(format!(
                "the environment entries by which Logtail finds the log for cluster {id} go: there is no log file any more"
            ))),
        }
        dropped.extend(entries.into_iter().map(|entry| entry.name));
    }
    if wanted.reset {
        dropped.extend(ours.iter().map(|name| (*name).to_owned()));
    }
    dropped.retain(|name| !has(&wished, name));
    if wanted.reset {
        notes.extend(dropped.iter().map(|name| {
            Note::info(format!("the environment entry {name} is dropped: --reset, and it is not named"))
        }));
    }
    let mut result = edit_environment(manifest, &wished, &dropped)?;
    result.notes.splice(0..0, notes);
    result.dropped = dropped;
    Ok(result)
}

fn has(entries: &[EnvEntry], name: &str) -> bool {
    entries.iter().any(|entry| entry.name == name)
}

/// The entries that are asked for, each once.
fn wished(
    wanted: &Wanted,
    version: &KubernetesVersion,
    log_path: Option<&Path>,
) -> Result<Vec<EnvEntry>, Refusal> {
    let mut asked = Vec::new();
    for text in &wanted.environment {
        asked.push(env::parse(text, version)?);
    }
    if let Some(id) = &wanted.logtail_cluster_id {
        let Some(path) = log_path else {
            return Err(Refusal::new("--logtail-cluster-id needs a log file, and no log file is configured")
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
                return Err(Refusal::new(format!(
                    "the environment entry {} is asked for with two values",
                    entry.name
                ))
                .help(
                    "give it once; --logtail-cluster-id asks for those that begin with aliyun_logs_audit-",
                ));
            }
        }
    }
    Ok(entries)
}

/// The edits after which each wanted entry is there once with its value, and none of those that go.
///
/// # Errors
/// An entry that is there takes its value from elsewhere (`valueFrom`).
fn edit_environment(
    manifest: &Manifest,
    wanted: &[EnvEntry],
    dropped: &[String],
) -> Result<EnvironmentEdits, Refusal> {
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
                let refusal = Refusal::new(format!(
                    "the environment entry {} takes its value from elsewhere",
                    var.name
                ))
                .help("kaudit does not replace a valueFrom; remove the entry or choose another name");
                return Err(manifest.document().point(refusal, &list.index(index)));
            }
            Some((_, var)) if var.value.as_deref().unwrap_or_default() == entry.value => {}
            Some((index, _)) => {
                result
                    .notes
                    .push(Note::info(format!("the environment entry {} gets a new value", entry.name)));
                let value = Value::String(entry.value.clone());
                result.edits.push(Edit::Put { path: list.index(index), key: "value".to_owned(), value });
            }
            None => {
                result.added.push(entry.name.clone());
                // In the place of one that goes, as the list may not become empty in between.
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
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../templates/sample-node/kube-apiserver.yaml");
    const LOG: &str = "/var/log/audit/audit.log";

    /// A manifest, and what of its environment is kaudit's.
    struct Node {
        manifest: Vec<u8>,
        owned: Owned,
    }

    impl Node {
        fn new() -> Self {
            Self { manifest: SAMPLE.to_vec(), owned: Owned::default() }
        }

        /// Plans and edits; returns the remarks, and the environment as it is then.
        fn enable(&mut self, wanted: &Wanted, log: Option<&str>) -> (Vec<String>, Vec<String>) {
            let manifest = Manifest::read(&self.manifest).unwrap();
            let version = KubernetesVersion::parse("1.36").unwrap();
            let planned =
                plan_environment(&manifest, wanted, &version, log.map(Path::new), &self.owned).unwrap();
            self.manifest = manifest.document().edit(&planned.edits).unwrap().into_bytes();
            self.owned.environment.retain(|name| !planned.dropped.contains(name));
            self.owned.environment.extend(planned.added);
            let edited = Manifest::read(&self.manifest).unwrap();
            let variables =
                edited.container().and_then(|container| container.env.clone()).unwrap_or_default();
            let shown = |name: &str, value: &Option<String>| {
                format!("{}={}", name, value.as_deref().unwrap_or_default())
            };
            let texts = planned.notes.into_iter().map(|note| note.text).collect();
            (texts, variables.iter().map(|variable| shown(&variable.name, &variable.value)).collect())
        }
    }

    fn logtail(id: &str) -> Wanted {
        Wanted { logtail_cluster_id: Some(id.to_owned()), ..Wanted::default() }
    }

    fn entries(id: &str, log: &str) -> Vec<String> {
        let entries = env::logtail(id, log).unwrap();
        entries.iter().map(|entry| format!("{}={}", entry.name, entry.value)).collect()
    }

    #[test]
    fn logtail_follows_the_log() {
        let mut node = Node::new();
        assert_eq!(node.enable(&logtail("c1"), Some(LOG)).1, entries("c1", LOG));
        assert_eq!(
            node.enable(&Wanted::default(), Some("/var/log/b/b.log")).1,
            entries("c1", "/var/log/b/b.log")
        );
        let (notes, left) = node.enable(&Wanted::default(), None);
        assert_eq!((notes.len(), left), (1, Vec::new()));
        assert!(node.owned.environment.is_empty() && node.manifest == SAMPLE);
    }

    #[test]
    fn another_cluster_takes_the_place_of_kaudits_own() {
        let mut node = Node::new();
        let wanted = Wanted { environment: vec!["TZ=UTC".to_owned()], ..logtail("c1") };
        node.enable(&wanted, Some(LOG));
        let (notes, left) = node.enable(&logtail("c2"), Some(LOG));
        assert_eq!(left, [vec!["TZ=UTC".to_owned()], entries("c2", LOG)].concat());
        assert!(
            notes.iter().any(|note| note.contains("for cluster c1 give way to those for c2")),
            "{notes:?}"
        );
        assert_eq!(node.enable(&logtail("c2"), Some(LOG)).0, [""; 0]);

        // Those of somebody else stay as they are.
        node.owned = Owned::default();
        let both = [left, entries("c3", LOG)].concat();
        assert_eq!(node.enable(&logtail("c3"), Some(LOG)).1, both);
        let followed = entries("c3", "/b/b.log");
        let both: Vec<String> = both.into_iter().take(5).chain(followed).collect();
        assert_eq!(node.enable(&Wanted::default(), Some("/b/b.log")).1, both);
    }

    #[test]
    fn reset_drops_kaudits_entries_that_are_not_named() {
        let mut node = Node::new();
        let wanted = Wanted { environment: vec!["TZ=UTC".to_owned(), "A=1".to_owned()], ..logtail("c1") };
        node.enable(&wanted, Some(LOG));
        let reset = Wanted { reset: true, environment: vec!["A=2".to_owned()], ..Wanted::default() };
        let (notes, left) = node.enable(&reset, Some(LOG));
        assert_eq!(left, ["A=2"]);
        assert_eq!(notes.iter().filter(|note| note.ends_with("--reset, and it is not named")).count(), 5);
        assert_eq!(node.owned.environment, ["A"]);
    }

    #[test]
    fn one_name_has_one_value() {
        let manifest = Manifest::read(SAMPLE).unwrap();
        let version = KubernetesVersion::parse("1.36").unwrap();
        let plan = |environment: &[&str]| {
            let environment = environment.iter().map(|text| (*text).to_owned()).collect();
            let wanted = Wanted { environment, ..logtail("c1") };
            let planned =
                plan_environment(&manifest, &wanted, &version, Some(Path::new(LOG)), &Owned::default());
            planned.map(|planned| planned.added).map_err(|refusal| refusal.reason)
        };
        assert_eq!(plan(&["X=1", "X=1"]).unwrap().len(), 5);
        for environment in [&["X=1", "X=2"][..], &["aliyun_logs_audit-c1=/elsewhere"]] {
            assert!(
                plan(environment).unwrap_err().contains("is asked for with two values"),
                "{environment:?}"
            );
        }
    }
}
