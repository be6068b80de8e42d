//! `restart`: the present manifest with changed annotations, which make it another pod for the kubelet.

use super::finish::annotate;
use super::observed::Inputs;
use super::{Content, FileChange, Observed, Plan, RESTART_ANNOTATION, config_digest};
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::file::FileState;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::Manifest;
use crate::policy;
use crate::yaml;
use std::path::{Path, PathBuf};

/// Plans a restart at `time` (RFC 3339).
///
/// A pod with the old uid would get the kubelet's back-off for crashing containers, and kubelets of 1.22 and 1.23 fail to
/// restart a pod with the same uid quickly (kubernetes issues 104648, 107733, 109596); so the manifest gets an annotation,
/// like the one of `kubectl rollout restart`. A policy or webhook kubeconfig that was edited by hand is checked and
/// activated, with its new digest.
///
/// # Errors
/// The policy is not one that the API server would start with; the editor refuses.
pub fn plan_restart(manifest: &Manifest, observed: &Observed, time: &str) -> Result<Plan, Vec<Diagnostic>> {
    let mut plan = Plan { owned: observed.history.owned(), ..Plan::default() };
    let inputs = Inputs::of(manifest);
    let file = |path: &Option<PathBuf>| path.as_ref().and_then(|path| observed.file(path));
    let (policy, webhook) = (file(&inputs.policy), file(&inputs.webhook));
    for path in [&inputs.policy, &inputs.webhook].into_iter().flatten() {
        if observed.file(path).is_none() {
            return Err(Diagnostic::error(format!(
                "{} does not exist: the API server would not start again",
                path.display()
            ))
            .help("restore it, or let kaudit write one: kaudit enable --policy default")
            .alone());
        }
    }
    if let (Some(path), Some(file)) = (&inputs.policy, policy) {
        check_policy(manifest, path, file).map_err(Diagnostic::alone)?;
    }
    let content = |file: Option<&'_ FileState>| file.map(|file| file.bytes.clone());
    let digest = config_digest(content(policy).as_deref(), content(webhook).as_deref());
    let mut edits = Vec::new();
    let is_changed = manifest.annotation(DIGEST_ANNOTATION).is_some_and(|written| written != digest);
    if is_changed {
        edits.extend(annotate(manifest, DIGEST_ANNOTATION, &digest));
    }
    edits.extend(annotate(manifest, RESTART_ANNOTATION, time));
    let edited = manifest.document().edited(&edits).map_err(|refusal| refusal.by_hand().alone())?;
    let bytes = edited.text().as_bytes().to_vec();
    plan.manifest = Some(Manifest::of(edited).map_err(Diagnostic::alone)?);
    plan.files.push(FileChange {
        path: observed.manifest_path.clone(),
        before: Some(observed.manifest.clone()),
        after: Some(FileState { bytes, metadata: observed.manifest.metadata.clone() }),
        content: Content::Manifest,
    });
    let read = [&inputs.policy, &inputs.webhook].into_iter().flatten().map(PathBuf::as_path);
    plan.adopt_edits(manifest, observed, read, &digest);
    if is_changed && plan.adopted.is_empty() {
        // A file that kaudit did not write: the records do not tell which of the two changed.
        plan.notes.push(Diagnostic::info(
            "policy or webhook kubeconfig was edited since the manifest was written: this restart activates the edit",
        ));
    }
    Ok(plan)
}

/// Refuses a policy with which the API server would not start.
fn check_policy(manifest: &Manifest, path: &Path, policy: &FileState) -> Result<(), Diagnostic> {
    let Some(version) = KubernetesVersion::from_image(&manifest.api_server().image) else { return Ok(()) };
    let minor = version.policy_minor();
    let shown = path.display().to_string();
    let text = yaml::decode(&policy.bytes).map_err(|refusal| refusal.in_file(shown.clone()))?;
    policy::examine(text, minor).into_policy(minor).map(drop).map_err(|refusal| refusal.in_file(shown))
}
