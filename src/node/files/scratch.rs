//! A node in a temporary directory, for `demo`.

use crate::file::{FileState, Metadata};
use crate::node::{Effects as _, Node};
use anyhow::{Context as _, Result};
use std::path::Path;
use tempfile::TempDir;

/// Removed with its content when dropped.
#[derive(Debug)]
pub struct ScratchNode {
    directory: TempDir,
}

impl ScratchNode {
    /// Creates a node with these files (path, text) with mode 0600, as kubeadm does.
    ///
    /// # Errors
    /// The temporary directory cannot be created or written.
    pub fn with_files(files: &[(&str, &str)]) -> Result<Self> {
        let directory = TempDir::with_prefix("kaudit-demo-").context("making a temporary directory")?;
        let mut node = Node::at(directory.path());
        for (path, text) in files {
            let path = Path::new(path);
            for parent in path.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev().skip(1) {
                node.make_directory(parent, &Metadata::new(0o755, None))?;
            }
            let file = FileState { bytes: text.as_bytes().to_vec(), metadata: Metadata::new(0o600, None) };
            node.replace_file(path, &file)?;
        }
        Ok(Self { directory })
    }

    /// The root directory on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The content of a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let file = Node::at(self.path()).read_file(Path::new(path), u64::MAX - 1)?;
        Ok(file.map(|file| file.bytes))
    }
}
