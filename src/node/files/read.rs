//! Reads of the node's files.

use crate::file::{FileState, Metadata, Owner};
use crate::node::Node;
use anyhow::{Context as _, Result};
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What exists at a path; a symbolic link in the last component is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// Nothing.
    Absent,
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, and its target.
    Link(PathBuf),
    /// A socket, a device or a pipe.
    Other,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, converted lossily to text: for comparison and messages.
    pub name: String,
    /// The kind of file.
    pub kind: EntryKind,
}

impl Node {
    /// What exists at `path`.
    ///
    /// # Errors
    /// The path cannot be accessed.
    pub fn kind(&self, path: &Path) -> Result<EntryKind> {
        kind_of(&self.locate(path)?).with_context(|| format!("accessing {}", path.display()))
    }

    /// Like [`Node::kind`], but follows symbolic links.
    ///
    /// # Errors
    /// The path cannot be accessed, or has too many symbolic links.
    pub fn target_kind(&self, path: &Path) -> Result<EntryKind> {
        kind_of(&self.locate_target(path)?).with_context(|| format!("accessing {}", path.display()))
    }

    /// The file at `path` with its metadata; `None` if it does not exist. Reads at most `limit` bytes plus one, so
    /// that the caller can detect a longer file.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn read_file(&self, path: &Path, limit: u64) -> Result<Option<FileState>> {
        let place = self.locate_target(path)?;
        read_state(&place, limit).with_context(|| format!("reading {}", path.display()))
    }

    /// A file named on the command line: a path of this machine, not below the root.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    pub fn read_operators_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
        let file = fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
        read_limited(file, limit).with_context(|| format!("reading {}", path.display()))
    }

    /// Like [`Node::read_operators_file`]; `None` if the file does not exist.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn find_operators_file(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
        let file = if_exists(fs::File::open(path)).with_context(|| format!("opening {}", path.display()))?;
        let bytes = file.map(|file| read_limited(file, limit)).transpose();
        bytes.with_context(|| format!("reading {}", path.display()))
    }

    /// Standard input, at most `limit` bytes plus one.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn read_standard_input(limit: u64) -> Result<Vec<u8>> {
        read_limited(io::stdin().lock(), limit).context("reading standard input")
    }

    /// Opens a file named on the command line for streaming; `-` is standard input.
    ///
    /// # Errors
    /// The file does not exist or cannot be opened.
    pub fn stream_operators_file(path: &Path) -> Result<io::BufReader<Box<dyn io::Read>>> {
        let source: Box<dyn io::Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(fs::File::open(path).with_context(|| format!("opening {}", path.display()))?)
        };
        Ok(io::BufReader::with_capacity(STREAM_BUFFER, source))
    }

    /// Mode and owner of a directory; `None` if it does not exist.
    ///
    /// # Errors
    /// The directory cannot be accessed.
    pub fn directory_metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        let metadata = self.metadata(path)?.filter(fs::Metadata::is_dir);
        Ok(metadata.map(|metadata| Metadata::new(mode_of(&metadata), Some(owner_of(&metadata)))))
    }

    /// The size of a file in bytes; `None` if it does not exist.
    ///
    /// # Errors
    /// The file cannot be accessed.
    pub fn file_size(&self, path: &Path) -> Result<Option<u64>> {
        Ok(self.metadata(path)?.filter(fs::Metadata::is_file).map(|metadata| metadata.len()))
    }

    /// The metadata of what a path refers to; `None` if it does not exist.
    pub(super) fn metadata(&self, path: &Path) -> Result<Option<fs::Metadata>> {
        let metadata = if_exists(fs::metadata(self.locate_target(path)?));
        metadata.with_context(|| format!("accessing {}", path.display()))
    }

    /// The entries of a directory, sorted by name; empty if it does not exist.
    ///
    /// # Errors
    /// The directory exists and cannot be listed.
    pub fn list(&self, path: &Path) -> Result<Vec<Entry>> {
        let place = self.locate_target(path)?;
        let list = || -> io::Result<Vec<Entry>> {
            let entries = if_exists(fs::read_dir(&place))?;
            let found = entries.into_iter().flatten().map(|entry| {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Ok(Entry { name, kind: kind_of(&entry.path())? })
            });
            found.collect()
        };
        let mut found = list().with_context(|| format!("listing {}", path.display()))?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The free space in bytes for this process on the file system of `path`, or of its nearest existing parent.
    ///
    /// # Errors
    /// The file system cannot be queried.
    pub fn bytes_available(&self, path: &Path) -> Result<u64> {
        let mut place = self.locate_target(path)?;
        while !place.exists() && place.pop() {}
        let stat = rustix::fs::statvfs(&place)
            .with_context(|| format!("reading the free space of {}", path.display()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Whether this process may change the owner of files.
    #[must_use]
    pub fn may_change_owner() -> bool {
        rustix::process::geteuid().is_root()
    }
}

/// The chunk size of a streamed file.
const STREAM_BUFFER: usize = 1 << 20;

pub(in crate::node) fn read_state(place: &Path, limit: u64) -> io::Result<Option<FileState>> {
    let Some(file) = if_exists(fs::File::open(place))? else { return Ok(None) };
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let xattrs = xattrs_of(place)?;
    let metadata = Metadata { mode: mode_of(&metadata), owner: Some(owner_of(&metadata)), xattrs };
    Ok(Some(FileState { bytes: read_limited(file, limit)?, metadata }))
}

/// Hashes that the kernel maintains (IMA, EVM): they would be wrong for different content.
const CONTENT_HASHES: [&str; 2] = ["security.ima", "security.evm"];

/// The extended attributes that can be copied to different content. File systems without them report "not supported".
fn xattrs_of(place: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let names = match xattr::list_deref(place) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for name in names {
        if CONTENT_HASHES.iter().any(|hash| name == *hash) {
            continue;
        }
        if let Some(value) = xattr::get_deref(place, &name)? {
            found.push((name.to_string_lossy().into_owned(), value));
        }
    }
    found.sort();
    Ok(found)
}

fn read_limited(source: impl io::Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn kind_of(place: &Path) -> io::Result<EntryKind> {
    let Some(metadata) = if_exists(fs::symlink_metadata(place))? else { return Ok(EntryKind::Absent) };
    Ok(if metadata.is_symlink() {
        EntryKind::Link(fs::read_link(place)?)
    } else if metadata.is_dir() {
        EntryKind::Directory
    } else if metadata.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    })
}

/// `None` for a path that does not exist.
pub(in crate::node) fn if_exists<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if is_absence(&error) => Ok(None),
        result => result.map(Some),
    }
}

/// A missing parent (`ENOENT`) and a parent that is a file (`ENOTDIR`) both mean that the path does not exist.
pub(in crate::node) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn mode_of(metadata: &fs::Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

fn owner_of(metadata: &fs::Metadata) -> Owner {
    Owner { uid: metadata.uid(), gid: metadata.gid() }
}
