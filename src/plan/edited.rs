//! Files that kaudit wrote and that were edited since: a change that restarts the API server activates them, so its
//! generation records them.

use super::{Observed, Plan};
use crate::diagnostic::Diagnostic;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::Manifest;
use std::path::Path;

impl Plan {
    /// Adopts those of the files `read` by the planned API server that were edited by hand since the newest generation,
    /// if the manifest changes. Notes that where `digest`, that of the planned manifest, differs from the present
    /// manifest's; otherwise an earlier change has activated them.
    pub(super) fn adopt_edits<'a>(
        &mut self,
        manifest: &Manifest,
        observed: &Observed,
        read: impl IntoIterator<Item = &'a Path>,
        digest: &str,
    ) {
        if !self.changed_files().any(|change| change.path == observed.manifest_path) {
            return;
        }
        for path in read {
            let Some(present) = observed.file(path) else { continue };
            let is_written = self.changed_files().any(|change| change.path == path);
            if is_written || !observed.history.was_edited(path, Some(present)) {
                continue;
            }
            self.adopted.push((path.to_path_buf(), present.clone()));
            if manifest.annotation(DIGEST_ANNOTATION) != Some(digest) {
                self.notes.push(Diagnostic::info(format!(
                    "{} was edited by hand since generation {}: this change activates the edit",
                    path.display(),
                    observed.history.newest()
                )));
            }
        }
    }
}
