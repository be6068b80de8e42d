//! Removes audit logging from a manifest that was edited since: only what belongs to audit logging.

use super::flags::edit_flags;
use crate::diagnostic::Diagnostic;
use crate::generation::Owned;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::Manifest;
use crate::yaml::{Edit, Path};
use std::collections::BTreeMap;

/// The manifest without audit flags, kaudit's annotation, and the volumes, mounts and environment entries that are
/// kaudit's.
///
/// # Errors
/// The editor refuses.
pub(super) fn remove_audit(manifest: &Manifest, owned: &Owned) -> Result<Manifest, Diagnostic> {
    let spec_path = Path::root().key("spec");
    let container_path = manifest.container_path();
    let spec = manifest.pod().spec.as_ref();
    let container = manifest.container();
    let volumes: Vec<&str> = spec
        .into_iter()
        .flat_map(|spec| spec.volumes.iter().flatten())
        .map(|volume| volume.name.as_str())
        .collect();
    let mounts: Vec<&str> = container
        .into_iter()
        .flat_map(|container| container.volume_mounts.iter().flatten())
        .map(|mount| mount.name.as_str())
        .collect();
    let environment: Vec<&str> = container
        .into_iter()
        .flat_map(|container| container.env.iter().flatten())
        .map(|entry| entry.name.as_str())
        .collect();
    // A volume that another container mounts is kept.
    let used_elsewhere = |name: &str| {
        spec.into_iter()
            .flat_map(|spec| spec.containers.iter().chain(spec.init_containers.iter().flatten()))
            .enumerate()
            .filter(|(index, _)| *index != manifest.api_server().container)
            .any(|(_, other)| other.volume_mounts.iter().flatten().any(|mount| mount.name == name))
    };
    let is_ours = |name: &str| owned.volumes.iter().any(|ours| ours == name) && !used_elsewhere(name);

    let mut edits = edit_flags(manifest, &BTreeMap::new());
    edits.extend(remove_items(&spec_path, "volumes", &volumes, is_ours));
    edits.extend(remove_items(&container_path, "volumeMounts", &mounts, is_ours));
    let is_our_entry = |entry: &str| owned.environment.iter().any(|name| name == entry);
    edits.extend(remove_items(&container_path, "env", &environment, is_our_entry));
    if manifest.annotation(DIGEST_ANNOTATION).is_some() {
        let annotations = Path::root().key("metadata").key("annotations");
        let only = manifest.pod().metadata.annotations.as_ref().is_some_and(|all| all.len() == 1);
        edits
            .push(Edit::Remove { path: if only { annotations } else { annotations.key(DIGEST_ANNOTATION) } });
    }
    manifest.document().edited(&edits).and_then(Manifest::of)
}

/// Removes kaudit's items (by name), and the key if the list has no others.
fn remove_items(parent: &Path, key: &str, items: &[&str], is_ours: impl Fn(&str) -> bool) -> Vec<Edit> {
    let ours: Vec<usize> =
        items.iter().enumerate().filter(|(_, item)| is_ours(item)).map(|(index, _)| index).collect();
    let list = parent.key(key);
    if ours.is_empty() {
        Vec::new()
    } else if ours.len() == items.len() {
        vec![Edit::Remove { path: list }]
    } else {
        ours.into_iter().map(|index| Edit::Remove { path: list.index(index) }).collect()
    }
}
