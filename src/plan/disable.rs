//! `disable`: back to the very bytes where nobody else edited since, else a surgical removal. Logs stay.

use super::files::{content_of, removable};
use super::surgical::remove_audit;
use super::{CONFIG_DIRECTORY, Content, FileChange, Observed, Plan};
use crate::file::FileState;
use crate::generation::Owned;
use crate::manifest::Manifest;
use crate::note::Note;
use crate::refusal::Refusal;
use std::path::Path;

/// Plans audit logging off.
///
/// The flags that stood in the manifest before kaudit go too: the API server does not audit afterwards. `rollback
/// --to 0` is what brings them back.
///
/// # Errors
/// The editor refuses.
pub fn plan_disable(manifest: &Manifest, observed: &Observed) -> Result<Plan, Vec<Refusal>> {
    let mut plan = Plan::default();
    let history = &observed.history;
    let owned = history.owned();
    let current = &observed.manifest;
    let base = history.untouched_base(&observed.manifest_path, current);
    let bytes = if let Some(base) = base {
        let before = Manifest::read(&base.bytes).map_err(Refusal::alone)?;
        let restored = remove_audit(&before, &Owned::default()).map_err(Refusal::alone)?.into_bytes();
        plan.notes.push(if restored == base.bytes {
            Note::info("the manifest goes back to the very bytes that it had before kaudit")
        } else {
            Note::info("audit flags that stood there before kaudit go too")
                .hint("`kaudit rollback --to 0` brings them back")
        });
        restored
    } else {
        if history.was_edited(&observed.manifest_path, Some(current)) {
            plan.notes.push(Note::info(
                "the manifest was edited by somebody else since kaudit wrote it: only audit logging's own parts are removed",
            ));
        }
        remove_audit(manifest, &owned).map_err(Refusal::alone)?.into_bytes()
    };
    plan.files.push(FileChange {
        path: observed.manifest_path.clone(),
        before: Some(current.clone()),
        after: Some(FileState { bytes, metadata: current.metadata.clone() }),
        content: Content::Manifest,
    });
    let hint = format!(
        "the API server does not read it any more; remove {CONFIG_DIRECTORY} by hand if you do not need it"
    );
    for path in history.paths().into_iter().filter(|path| *path != observed.manifest_path) {
        restore_support_file(&mut plan, observed, &path, &hint);
    }
    plan.directories_to_remove = removable(observed, &owned, &Owned::default());
    plan.forget_notes_about_nothing();
    Ok(plan)
}

/// A support file goes back to what stood there before kaudit, unless somebody edited it since: that is theirs,
/// and `hint` says what to do with it.
pub(super) fn restore_support_file(plan: &mut Plan, observed: &Observed, path: &Path, hint: &str) {
    let current = observed.file(path);
    let Some(before) = observed.history.before_tenure(&observed.manifest_path, path) else { return };
    if current.is_none() && before.is_none() {
        return;
    }
    if observed.history.was_edited(path, current) {
        plan.notes.push(
            Note::info(format!("{} was edited since kaudit wrote it and stays", path.display())).hint(hint),
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
