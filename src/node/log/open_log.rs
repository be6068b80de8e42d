//! An open log file, and the position up to which it was read.

use crate::node::files::read::if_exists;
use anyhow::{Result, bail};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

/// An open log.
#[derive(Debug, Clone)]
pub(in crate::node) struct Current {
    pub(in crate::node) file: Arc<File>,
    /// Device and inode.
    pub(in crate::node) id: (u64, u64),
    /// The position up to which it was read.
    pub(in crate::node) read: u64,
}

/// The current size in bytes.
pub(in crate::node) fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Opens a regular file; `None` if it does not exist.
pub(in crate::node) fn open(place: &Path) -> Result<Option<Current>> {
    // Checked before opening: opening a pipe would wait for its writer.
    if if_exists(fs::metadata(place))?.is_some_and(|metadata| !metadata.is_file()) {
        bail!("{} is not a regular file", place.display());
    }
    let Some(file) = if_exists(File::open(place))? else { return Ok(None) };
    let metadata = file.metadata()?;
    Ok(Some(Current { file: Arc::new(file), id: (metadata.dev(), metadata.ino()), read: 0 }))
}

/// The end of the last complete line between two positions; `from` if there is none.
pub(in crate::node) fn whole_lines(file: &File, from: u64, to: u64) -> io::Result<u64> {
    const BLOCK: u64 = 64 * 1024;
    let mut end = to;
    while end > from {
        let begin = end.saturating_sub(BLOCK).max(from);
        let mut block = vec![0; usize::try_from(end - begin).unwrap_or(0)];
        match file.read_exact_at(&mut block, begin) {
            // Truncated meanwhile: the next call detects it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(from),
            read => read?,
        }
        if let Some(last) = memchr::memrchr(b'\n', &block) {
            return Ok(begin + last as u64 + 1);
        }
        end = begin;
    }
    Ok(from)
}
