//! The end of a growing file, and the times at which files changed.

use super::read::if_exists;
use crate::node::Node;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The end of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEnd {
    /// The file's size in bytes.
    pub size: u64,
    /// When the content changed last.
    pub modified: Timestamp,
    /// Its last bytes.
    pub bytes: Vec<u8>,
}

impl Node {
    /// The last `limit` bytes of a file; `None` if it does not exist.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn file_end(&self, path: &Path, limit: u64) -> Result<Option<FileEnd>> {
        let reading = || format!("reading {}", path.display());
        let file = if_exists(fs::File::open(self.locate_target(path)?)).with_context(reading)?;
        let Some(mut file) = file else { return Ok(None) };
        let metadata = file.metadata().with_context(reading)?;
        let size = metadata.len();
        file.seek(SeekFrom::Start(size.saturating_sub(limit))).with_context(reading)?;
        let mut bytes = Vec::new();
        file.take(limit.min(size)).read_to_end(&mut bytes).with_context(reading)?;
        let modified = time_of(metadata.mtime(), metadata.mtime_nsec()).with_context(reading)?;
        Ok(Some(FileEnd { size, modified, bytes }))
    }

    /// When a file last changed in any way; `None` if it does not exist. This is the ctime, which neither a copy that
    /// preserves the modification time nor a rename can hide.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn changed_at(&self, path: &Path) -> Result<Option<Timestamp>> {
        let changed = self.metadata(path)?.map(|metadata| time_of(metadata.ctime(), metadata.ctime_nsec()));
        changed.transpose()
    }
}

fn time_of(seconds: i64, nanoseconds: i64) -> Result<Timestamp> {
    Ok(Timestamp::new(seconds, i32::try_from(nanoseconds)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let node = Node::at(directory.path());
        let path = Path::new("/audit.log");
        assert_eq!(node.file_end(path, 4).unwrap(), None);
        assert_eq!(node.changed_at(path).unwrap(), None);
        fs::write(directory.path().join("audit.log"), "0123456789").unwrap();
        let end = node.file_end(path, 4).unwrap().unwrap();
        assert_eq!((end.size, end.bytes.as_slice()), (10, b"6789".as_slice()));
        assert_eq!(node.file_end(path, 100).unwrap().unwrap().bytes, b"0123456789");
        assert!(node.changed_at(path).unwrap().unwrap() >= end.modified);
    }
}
