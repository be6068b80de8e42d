//! Files that kaudit wrote and somebody edited since: a change that starts another API server brings them into force,
//! so the record of its generation has to have them.

use super::{Observed, Plan};
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::Manifest;
use crate::note::Note;
use std::path::Path;

impl Plan {
    /// Adopts those of the files `read` by the planned API server that were edited by hand since the newest generation,
    /// where the manifest changes. Says so where `digest`, which the planned manifest carries, is not what the present
    /// one carries; where it is, an earlier change has brought them into force.
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
                self.notes.push(Note::info(format!(
                    "{} was edited by hand since generation {}: it comes into force now",
                    path.display(),
                    observed.history.newest()
                )));
            }
        }
    }
}
