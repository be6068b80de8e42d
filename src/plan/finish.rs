//! The second half of `enable`: with the node's files, the draft becomes a plan.

use super::draft::Draft;
use super::files::{
    config_digest, make_directories, missing_file, owner_of_api_server, permits, support_file,
};
use super::lint::{Use, lint_policy};
use super::{Content, FileChange, Observed, Plan, adopt, disk};
use crate::audit::argv::lookup;
use crate::audit::flag::WEBHOOK_CONFIG_FILE;
use crate::diagnostic::Diagnostic;
use crate::file::{FileState, Owner};
use crate::generation::Owned;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::{Manifest, normalise};
use crate::yaml::{Edit, Path as YamlPath};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

impl Draft {
    /// The plan.
    ///
    /// # Errors
    /// What can only be checked with the node's files: a policy that does not exist or is invalid, a log directory that the
    /// API server cannot write to, a log in the manifests directory.
    pub fn finish(mut self, observed: &Observed) -> Result<Plan, Vec<Diagnostic>> {
        let owner = owner_of_api_server(&self.manifest).map_err(Diagnostic::alone)?;
        let mut plan =
            Plan { owned: self.owned(observed), notes: std::mem::take(&mut self.notes), ..Plan::default() };
        let policy = self.place_policy(&mut plan, observed, owner)?;
        let webhook = self.place_webhook(&mut plan, observed, owner).map_err(Diagnostic::alone)?;
        self.place_log(&mut plan, observed, owner).map_err(Diagnostic::alone)?;
        disk::remark(&self.settings, &self.version, observed, &mut plan.notes);
        let digest = config_digest(policy.as_deref(), webhook.as_deref());
        self.edits.extend(annotate(&self.manifest, DIGEST_ANNOTATION, &digest));
        let edited =
            self.manifest.document().edited(&self.edits).map_err(|refusal| refusal.by_hand().alone())?;
        let bytes = edited.text().as_bytes().to_vec();
        plan.manifest = Some(adopt::check_result(edited, &self.settings).map_err(Diagnostic::alone)?);
        plan.files.push(FileChange {
            path: observed.manifest_path.clone(),
            before: Some(observed.manifest.clone()),
            after: Some(FileState { bytes, metadata: observed.manifest.metadata.clone() }),
            content: Content::Manifest,
        });
        let had_webhook = lookup(&self.manifest.api_server().arguments(), WEBHOOK_CONFIG_FILE).is_some();
        let changes_webhook =
            plan.changed_files().any(|file| matches!(file.content, Content::Kubeconfig | Content::Secret));
        plan.brings_webhook = self.requested_webhook.is_some() && (changes_webhook || !had_webhook);
        self.remove_unused_copies(&mut plan, observed);
        self.remove_webhook(&mut plan, observed);
        plan.remark_reread();
        let read = [&self.policy.host, &self.webhook].into_iter().flatten().map(PathBuf::as_path);
        plan.adopt_edits(&self.manifest, observed, read, &digest);
        Ok(plan)
    }

    /// What belongs to kaudit afterwards: what it had and keeps, and what is added now.
    fn owned(&self, observed: &Observed) -> Owned {
        let mut owned = observed.history.owned();
        owned.environment.retain(|name| !self.dropped_environment.contains(name));
        for volume in &self.owned_volumes {
            if !owned.volumes.contains(volume) {
                owned.volumes.push(volume.clone());
            }
        }
        for name in &self.owned_environment {
            if !owned.environment.contains(name) {
                owned.environment.push(name.clone());
            }
        }
        owned
    }

    /// Plans the policy file and returns its content as it will be.
    fn place_policy(
        &self,
        plan: &mut Plan,
        observed: &Observed,
        owner: Owner,
    ) -> Result<Option<Vec<u8>>, Vec<Diagnostic>> {
        let Some(host) = &self.policy.host else {
            plan.notes.push(
                Diagnostic::warning("no policy is configured: the API server logs no events")
                    .help("set one: --policy default"),
            );
            return Ok(None);
        };
        let there = observed.file(host);
        let (name, bytes) = match (&self.policy.content, there) {
            (Some(requested), _) => (requested.name.clone(), requested.bytes.clone()),
            (None, Some(file)) => (host.display().to_string(), file.bytes.clone()),
            (None, None) => {
                missing_file(plan, observed, host, "audit policy", "--policy default")
                    .map_err(Diagnostic::alone)?;
                return Ok(None);
            }
        };
        self.check_policy(plan, &name, &bytes)?;
        if self.policy.content.is_some() {
            if let Some(directory) = host.parent() {
                make_directories(plan, observed, directory, owner);
            }
            plan.files.push(FileChange {
                path: host.clone(),
                before: there.cloned(),
                after: Some(support_file(observed, host, bytes.clone(), owner)),
                content: Content::Policy,
            });
        }
        Ok(Some(bytes))
    }

    /// Presets are checked by tests, in every version.
    fn check_policy(&self, plan: &mut Plan, name: &str, bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
        let used = match &self.policy.content {
            Some(requested) if requested.is_preset => return Ok(()),
            Some(_) => Use::Requested,
            None => Use::Kept,
        };
        lint_policy(plan, name, bytes, self.version.policy_minor(), (used, self.strict))
    }

    /// Plans the log's directory.
    fn place_log(&self, plan: &mut Plan, observed: &Observed, owner: Owner) -> Result<(), Diagnostic> {
        let Some(directory) = self.log.as_deref().and_then(Path::parent) else { return Ok(()) };
        if observed
            .manifest_path
            .parent()
            .is_some_and(|manifests| directory.starts_with(normalise(manifests)))
        {
            return Err(Diagnostic::error(format!(
                "the log would be in the manifests directory {}, where the kubelet reads every file as a pod",
                directory.display()
            ))
            .help("choose another path: --log-path /var/log/kubernetes/audit/audit.log"));
        }
        if make_directories(plan, observed, directory, owner) {
            return Ok(());
        }
        match observed.directory(directory) {
            Some(metadata) if observed.may_change_owner && !permits(metadata, owner, 0o3) => {
                Err(Diagnostic::error(format!(
                    "the API server runs as user {}, which has no permission to write to {} (mode {:04o})",
                    owner.uid,
                    directory.display(),
                    metadata.mode
                ))
                .help(format!("chown {}:{} {}", owner.uid, owner.gid, directory.display())))
            }
            _ => Ok(()),
        }
    }
}

/// The edit that sets an annotation; `None` for a pod that has it already.
pub(super) fn annotate(manifest: &Manifest, name: &str, value: &str) -> Option<Edit> {
    if manifest.annotation(name) == Some(value) {
        return None;
    }
    let metadata = YamlPath::root().key("metadata");
    let annotations = metadata.key("annotations");
    Some(if manifest.document().node(&annotations).is_some() {
        Edit::Put { path: annotations, key: name.to_owned(), value: Value::String(value.to_owned()) }
    } else {
        Edit::Put { path: metadata, key: "annotations".to_owned(), value: json!({name: value}) }
    })
}
