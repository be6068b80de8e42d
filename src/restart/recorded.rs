//! What the record of a run contains: the bytes before and after.

use super::run::Run;
use crate::file::FileState;
use crate::generation::RecordedFile;
use crate::observe::MANIFEST_LIMIT;
use anyhow::{Result, anyhow};
use std::path::Path;

impl<'a> Run<'a> {
    /// Whether `path` holds these bytes.
    pub(super) fn holds(&self, path: &Path, state: &FileState) -> Result<bool> {
        let now = self.machine.node().read_file(path, MANIFEST_LIMIT)?;
        Ok(now.is_some_and(|now| now.bytes == state.bytes))
    }

    pub(super) fn manifest_entry(&self) -> Result<&'a RecordedFile> {
        let entry = self.record.file(&self.context.names.live);
        entry.ok_or_else(|| anyhow!("the record of generation {} has no manifest", self.record.number))
    }

    pub(super) fn manifest_before(&self) -> Result<&'a FileState> {
        self.manifest_entry()?.before.as_ref().ok_or_else(|| anyhow!("the record has no previous manifest"))
    }

    pub(super) fn manifest_after(&self) -> Result<&'a FileState> {
        self.manifest_entry()?.after.as_ref().ok_or_else(|| anyhow!("the record has no planned manifest"))
    }

    /// The files that the plan writes before the manifest: the new API server reads them.
    pub(super) fn early_files(&self) -> impl Iterator<Item = &'a RecordedFile> + use<'a> {
        let live = &self.context.names.live;
        self.record.changed_files().take_while(move |file| file.path != *live)
    }

    /// The files that the plan writes after it: only the old API server reads them.
    pub(super) fn late_files(&self) -> impl Iterator<Item = &'a RecordedFile> + use<'a> {
        let live = &self.context.names.live;
        self.record.changed_files().skip_while(move |file| file.path != *live).skip(1)
    }
}
