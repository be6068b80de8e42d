//! The webhook kubeconfig and the files that it refers to: used in place, or copied beside it.

use super::disable::restore_support_file;
use super::files::{make_directories, missing_file, permits, support_file};
use super::requested_webhook::{RequestedWebhook, copies_beside, host_of};
use super::{Content, Draft, FileChange, Observed, Plan, WEBHOOK_PATH};
use crate::diagnostic::Diagnostic;
use crate::file::{Metadata, Owner};
use crate::webhook::{Place, Reference};
use std::path::{Path, PathBuf};

/// The API server's user must have permission to read a file that is used in place.
fn check_readable(reference: &Reference, metadata: &Metadata, owner: Owner) -> Result<(), Diagnostic> {
    if permits(metadata, owner, 0o4) {
        return Ok(());
    }
    let Reference { kind, path } = reference;
    Err(Diagnostic::error(format!(
        "{}: the API server runs as user {}, which has no permission to read {path}",
        kind.key(),
        owner.uid
    ))
    .help(format!(
        "chown {}:{} {path}; or use a path that only you can read: kaudit makes a copy for the API server",
        owner.uid, owner.gid
    )))
}

impl Draft {
    /// Plans the kubeconfig and the files beside it, and returns its content as it will be.
    ///
    /// A file that the API server can see is used in place, so that it can be renewed without kaudit. Any other is copied
    /// beside the kubeconfig. A CA certificate is embedded in the kubeconfig instead: the API server reads it only at its
    /// start, and the manifest has a digest of the kubeconfig.
    pub(super) fn place_webhook(
        &self,
        plan: &mut Plan,
        observed: &Observed,
        owner: Owner,
    ) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(host) = &self.webhook else { return Ok(None) };
        let there = observed.file(host);
        let Some(requested) = &self.requested_webhook else {
            if there.is_none() {
                missing_file(plan, observed, host, "webhook kubeconfig", "--webhook-config-file FILE")?;
            }
            return Ok(there.map(|file| file.bytes.clone()));
        };
        if let Some(directory) = host.parent() {
            make_directories(plan, observed, directory, owner);
        }
        let mut changes = Vec::new();
        for reference in requested.kubeconfig.references() {
            let seen = host_of(reference, &self.mounts).and_then(|path| observed.file(&path));
            if let Some(seen) = seen {
                check_readable(reference, &seen.metadata, owner).map_err(|refusal| {
                    requested
                        .kubeconfig
                        .point(refusal, reference.kind)
                        .without_excerpt()
                        .in_file(&requested.name)
                })?;
                continue;
            }
            let Some(bytes) = requested.files.get(&reference.kind) else {
                self.refuse_unseen(requested, reference, plan, observed)?;
                continue;
            };
            let Some(name) = reference.kind.copy_name() else {
                changes.push((reference.kind, Place::Inline(bytes.clone())));
                continue;
            };
            if reference.path != name {
                changes.push((reference.kind, Place::Path(name.to_owned())));
            }
            let path = host.with_file_name(name);
            plan.files.push(FileChange {
                before: observed.file(&path).cloned(),
                after: Some(support_file(observed, &path, bytes.clone(), owner)),
                content: Content::Secret,
                path,
            });
        }
        let bytes = if changes.is_empty() {
            requested.bytes.clone()
        } else {
            requested
                .kubeconfig
                .with(&changes)
                .map_err(|refusal| refusal.without_excerpt().in_file(&requested.name))?
        };
        plan.files.push(FileChange {
            path: host.clone(),
            before: there.cloned(),
            after: Some(support_file(observed, host, bytes.clone(), owner)),
            content: Content::Kubeconfig,
        });
        Ok(Some(bytes))
    }

    /// A file that neither the API server nor the operator has. A directory tree may be only a part of a node.
    fn refuse_unseen(
        &self,
        requested: &RequestedWebhook,
        reference: &Reference,
        plan: &mut Plan,
        observed: &Observed,
    ) -> Result<(), Diagnostic> {
        let Reference { kind, path } = reference;
        let key = kind.key();
        if !observed.is_live && host_of(reference, &self.mounts).is_some() {
            plan.notes.push(Diagnostic::warning(format!(
                "{key}: {path} does not exist: the API server would not deliver events without it"
            )));
            return Ok(());
        }
        let refusal = Diagnostic::error(format!("{key}: {path} does not exist, neither on this machine nor where the API server would read it"))
            .help(format!("create the file (a relative path starts at the kubeconfig's directory), or embed its content in the kubeconfig: {}", kind.inline_key()));
        Err(requested.kubeconfig.point(refusal, *kind).without_excerpt().in_file(&requested.name))
    }

    /// Removes kaudit's copies that the new kubeconfig does not refer to, unless they were edited. They come after the
    /// manifest: the old API server reads them until it exits.
    pub(super) fn remove_unused_copies(&self, plan: &mut Plan, observed: &Observed) {
        let (Some(host), Some(requested)) = (&self.webhook, &self.requested_webhook) else { return };
        let references = requested.kubeconfig.references();
        let named: Vec<PathBuf> =
            references.into_iter().filter_map(|reference| host_of(reference, &self.mounts)).collect();
        for path in copies_beside(host).filter(|path| !named.contains(path)) {
            let history = &observed.history;
            let is_ours = history.last_written(&path).is_some_and(|written| written.is_some());
            let Some(there) = observed.file(&path).filter(|there| !history.was_edited(&path, Some(there)))
            else {
                continue;
            };
            if is_ours && !plan.files.iter().any(|change| change.path == path) {
                let before = Some(there.clone());
                plan.files.push(FileChange { path, before, after: None, content: Content::Secret });
            }
        }
    }
}

impl Draft {
    /// Without a webhook its files are removed, or restored to their content before kaudit, as with `disable`. They come after
    /// the manifest: the old API server reads them until it exits.
    pub(super) fn remove_webhook(&self, plan: &mut Plan, observed: &Observed) {
        if self.webhook.is_some() {
            return;
        }
        let kubeconfig = Path::new(WEBHOOK_PATH);
        let count = plan.files.len();
        for path in std::iter::once(kubeconfig.to_path_buf()).chain(copies_beside(kubeconfig)) {
            let is_ours = observed.history.last_written(&path).is_some_and(|written| written.is_some());
            if is_ours && observed.file(&path).is_some() {
                let hint = "the API server does not read it any more; delete it if you do not need it";
                restore_support_file(plan, observed, &path, hint);
            }
        }
        if plan.files.len() > count {
            plan.notes.push(Diagnostic::info(
                "the webhook's kubeconfig and credentials are removed; kaudit rollback can restore them from /var/lib/kaudit",
            ));
        }
    }
}

impl Plan {
    /// Notes that no restart is needed if only files change that a running API server reads again: the token within a
    /// minute, a client certificate within five (`client-go/transport/token_source.go`; `cert_rotation.go`, since 1.18).
    pub(super) fn remark_reread(&mut self) {
        let changed: Vec<Content> = self.changed_files().map(|file| file.content).collect();
        if !changed.is_empty() && changed.iter().all(|content| *content == Content::Secret) {
            self.notes.push(Diagnostic::info(
                "the API server reloads the webhook's token and client certificate within minutes: no restart is needed",
            ));
        }
    }
}
