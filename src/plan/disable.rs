//! `disable`: restores the original bytes if the files were not edited since, else removes only what belongs to audit
//! logging. Logs stay.

use super::files::{content_of, removable};
use super::surgical::remove_audit;
use super::{CONFIG_DIRECTORY, Content, FileChange, Observed, Plan};
use crate::diagnostic::Diagnostic;
use crate::file::FileState;
use crate::generation::Owned;
use crate::manifest::Manifest;
use std::path::Path;

/// Plans to disable audit logging.
///
/// Audit flags from before kaudit are removed too, so that the API server does not audit afterwards. `rollback --to 0`
/// restores them.
///
/// # Errors
/// The editor refuses.
pub fn plan_disable(manifest: &Manifest, observed: &Observed) -> Result<Plan, Vec<Diagnostic>> {
    let mut plan = Plan::default();
    let history = &observed.history;
    let owned = history.owned();
    let current = &observed.manifest;
    let base = history.untouched_base(&observed.manifest_path, current);
    let after = if let Some(base) = base {
        let before = Manifest::read(&base.bytes).map_err(Diagnostic::alone)?;
        let restored = remove_audit(&before, &Owned::default()).map_err(Diagnostic::alone)?;
        plan.notes.push(if restored.document().text().as_bytes() == base.bytes {
            Diagnostic::info("the manifest gets exactly the content that it had before kaudit")
        } else {
            Diagnostic::info("audit flags from before kaudit are removed too")
                .help("`kaudit rollback --to 0` restores them")
        });
        restored
    } else {
        if history.was_edited(&observed.manifest_path, Some(current)) {
            plan.notes.push(Diagnostic::info(
                "the manifest was edited since kaudit wrote it: only the parts for audit logging are removed",
            ));
        }
        remove_audit(manifest, &owned).map_err(Diagnostic::alone)?
    };
    let bytes = after.document().text().as_bytes().to_vec();
    plan.manifest = Some(after);
    plan.files.push(FileChange {
        path: observed.manifest_path.clone(),
        before: Some(current.clone()),
        after: Some(FileState { bytes, metadata: current.metadata.clone() }),
        content: Content::Manifest,
    });
    let hint =
        format!("the API server does not read it any more; delete {CONFIG_DIRECTORY} if you do not need it");
    for path in history.paths().into_iter().filter(|path| *path != observed.manifest_path) {
        restore_support_file(&mut plan, observed, &path, &hint);
    }
    plan.directories_to_remove = removable(observed, &owned, &Owned::default());
    plan.forget_notes_about_nothing();
    Ok(plan)
}

/// Restores a support file to its content before kaudit, unless it was edited since: then it stays, and `hint` says what to
/// do with it.
pub(super) fn restore_support_file(plan: &mut Plan, observed: &Observed, path: &Path, hint: &str) {
    let current = observed.file(path);
    let Some(before) = observed.history.before_tenure(&observed.manifest_path, path) else { return };
    if current.is_none() && before.is_none() {
        return;
    }
    if observed.history.was_edited(path, current) {
        plan.notes.push(
            Diagnostic::info(format!("{} was edited since kaudit wrote it and is kept", path.display()))
                .help(hint),
        );
        return;
    }
    plan.files.push(FileChange {
        path: path.to_path_buf(),
        before: current.cloned(),
        after: before.cloned(),
        content: content_of(path, &observed.manifest_path),
    });
}
