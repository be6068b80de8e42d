//! Checks of a manifest before it is edited, and of the edited one.

use super::Wanted;
use super::flags::{BARE_VALUE, audit_flags_there};
use crate::audit::merged::Merged;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Manifest, check_pod, find_duplicates};
use crate::plan::Observed;
use crate::yaml::Document;
use std::collections::BTreeMap;
use std::path::Path;

/// The kubelet marks the API server's copy of a static pod with it (`pkg/kubelet/types/constants.go`).
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// Refuses manifests that must not be edited: one that another tool manages, a pod that the kubelet rejects, a duplicate
/// static pod manifest beside it.
///
/// # Errors
/// One refusal for each.
pub fn check_surroundings(manifest: &Manifest, observed: &Observed) -> Result<(), Vec<Diagnostic>> {
    let path = &observed.manifest_path;
    let in_file = |refusal: Diagnostic| vec![refusal.in_file(path.display().to_string())];
    if let Some(refusal) = manifest.refuse_managed(path) {
        return Err(in_file(refusal));
    }
    check_pod(manifest.pod()).map_err(in_file)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let duplicates = find_duplicates(directory, &name, manifest.pod(), &observed.neighbours);
    if duplicates.is_empty() { Ok(()) } else { Err(duplicates) }
}

/// The version to check against: the requested one, else that of the image tag, else the newest known one.
pub(super) fn version_of(
    manifest: &Manifest,
    wanted: &Wanted,
    notes: &mut Vec<Diagnostic>,
) -> KubernetesVersion {
    let image = &manifest.api_server().image;
    wanted.version.clone().or_else(|| KubernetesVersion::from_image(image)).unwrap_or_else(|| {
        notes.push(
            Diagnostic::warning(format!(
                "the image {image} has no version tag; kaudit assumes Kubernetes 1.{NEWEST_KNOWN_MINOR}"
            ))
            .help("set the version: --kubernetes-version 1.31"),
        );
        KubernetesVersion { minor: NEWEST_KNOWN_MINOR, patch: None, suffix: String::new() }
    })
}

/// Remarks about a manifest that can be edited but is unusual.
pub(super) fn remark(manifest: &Manifest, notes: &mut Vec<Diagnostic>) {
    if manifest.annotation(MIRROR_ANNOTATION).is_some() {
        notes.push(
            Diagnostic::warning(format!(
                "the manifest has the annotation {MIRROR_ANNOTATION}: it is a copy of the mirror pod, and the kubelet does not start such a pod from a file"
            ))
            .help("restore the manifest that kubeadm wrote"),
        );
    }
    if let Some(uid) = &manifest.pod().metadata.uid {
        notes.push(
            Diagnostic::warning(format!(
                "metadata.uid is set to {uid}: kubelets from 1.31 on ignore changes of flags and volumes then"
            ))
            .help("remove metadata.uid from the manifest"),
        );
    }
}

/// The postcondition: the edited text is a Pod that the kubelet accepts, and its API server gets exactly the planned audit
/// flags. Returns the edited manifest.
///
/// # Errors
/// Never, unless kaudit has a bug; then nothing has been written.
pub(super) fn check_result(result: Document, settings: &Merged) -> Result<Manifest, Diagnostic> {
    let wrong = |what: String| {
        Diagnostic::error(format!("internal error: the edited manifest is not as planned: {what}"))
            .help("nothing was written; please report this bug with the manifest")
    };
    let edited = Manifest::of(result).map_err(|refusal| wrong(refusal.message))?;
    check_pod(edited.pod()).map_err(|refusal| wrong(refusal.message))?;
    let read: BTreeMap<String, String> = audit_flags_there(edited.api_server())
        .into_iter()
        .map(|occurrence| (occurrence.flag, occurrence.value.unwrap_or_else(|| BARE_VALUE.to_owned())))
        .collect();
    let planned: BTreeMap<String, String> =
        settings.entries.iter().map(|entry| (entry.flag.clone(), entry.value.clone())).collect();
    if read == planned { Ok(edited) } else { Err(wrong(format!("the API server would get {read:?}"))) }
}
