//! Durable, atomic writing.

use super::read::read_state;
use crate::file::{FileState, Metadata, Owner};
use crate::node::{Effects, Moved, Node};
use anyhow::{Context as _, Result};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown, fchown};
use std::path::{Path, PathBuf};
use tempfile::Builder;

/// Temporary files start with a dot, because the kubelet reads every other regular file in its manifest directory,
/// whatever its extension (kubernetes `pkg/kubelet/config/file.go`, `extractFromDir`).
const TEMPORARY_PREFIX: &str = ".kaudit-";

impl Node {
    /// Replaces the content of a file named on the command line atomically; mode, owner and extended attributes stay.
    /// A symbolic link is followed.
    ///
    /// # Errors
    /// The file does not exist, or cannot be written.
    pub fn rewrite_operators_file(path: &Path, bytes: &[u8]) -> Result<()> {
        let rewriting = || format!("rewriting {}", path.display());
        let place = fs::canonicalize(path).with_context(rewriting)?;
        let before = read_state(&place, 0).with_context(rewriting)?.with_context(rewriting)?;
        let after = FileState { bytes: bytes.to_vec(), metadata: before.metadata };
        Node::at("/").replace_file(&place, &after)
    }
}

impl Effects for Node {
    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> Result<()> {
        let place = self.locate_target(path)?;
        let make = || -> io::Result<()> {
            match fs::DirBuilder::new().mode(0o700).create(&place) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && place.is_dir() => return Ok(()),
                other => other?,
            }
            if let Some(Owner { uid, gid }) = metadata.owner {
                chown(&place, Some(uid), Some(gid))?;
            }
            fs::set_permissions(&place, fs::Permissions::from_mode(metadata.mode))?;
            sync_directory(&parent_of(&place))
        };
        make().with_context(|| format!("making the directory {}", path.display()))
    }

    fn replace_file(&mut self, path: &Path, file: &FileState) -> Result<()> {
        let place = self.locate(path)?;
        let directory = parent_of(&place);
        let replace = || -> io::Result<()> {
            // Without a write, correct content stays correct on a full or read-only file system.
            if holds(&place, file)? {
                return Ok(());
            }
            remove_stale_temporaries(&directory, &place)?;
            let mut temporary =
                Builder::new().prefix(&temporary_prefix(&place)).suffix("").tempfile_in(&directory)?;
            temporary.write_all(&file.bytes)?;
            let handle = temporary.as_file();
            if let Some(Owner { uid, gid }) = file.metadata.owner {
                fchown(handle, Some(uid), Some(gid))?;
            }
            // After the owner: chown(2) clears set-id bits, and with the mode first the wrong owner could access the
            // file.
            handle.set_permissions(fs::Permissions::from_mode(file.metadata.mode))?;
            for (name, value) in &file.metadata.xattrs {
                xattr::set(temporary.path(), name, value)?;
            }
            temporary.as_file().sync_all()?;
            temporary.persist(&place).map_err(|error| error.error)?;
            sync_directory(&directory)
        };
        replace().with_context(|| format!("replacing {}", path.display()))
    }

    fn remove_file(&mut self, path: &Path) -> Result<()> {
        let place = self.locate(path)?;
        let remove = || match fs::remove_file(&place) {
            // A read-only file system returns this also for a missing file.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && is_absent(&place) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_directory(&parent_of(&place)),
        };
        remove().with_context(|| format!("removing {}", path.display()))
    }

    fn remove_empty_directory(&mut self, path: &Path) -> Result<bool> {
        let place = self.locate(path)?;
        match fs::remove_dir(&place) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && is_absent(&place) => Ok(true),
            Ok(()) => sync_directory(&parent_of(&place)).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            // A busy directory is a mount point: it is in use.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::ResourceBusy) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
        .with_context(|| format!("removing the directory {}", path.display()))
    }

    fn move_file(&mut self, from: &Path, to: &Path) -> Result<Moved> {
        let (old, new) = (self.locate(from)?, self.locate(to)?);
        match renameat_with(CWD, &old, CWD, &new, RenameFlags::NOREPLACE) {
            Ok(()) => {
                sync_directory(&parent_of(&new)).with_context(|| renaming(from, to))?;
                Ok(Moved::Done)
            }
            Err(Errno::EXIST) => Ok(Moved::Occupied),
            Err(Errno::NOENT) => Ok(Moved::Missing),
            Err(error) => Err(error).with_context(|| renaming(from, to)),
        }
    }

    fn exchange_files(&mut self, one: &Path, other: &Path) -> Result<()> {
        let (first, second) = (self.locate(one)?, self.locate(other)?);
        renameat_with(CWD, &first, CWD, &second, RenameFlags::EXCHANGE)
            .with_context(|| renaming(one, other))?;
        sync_directory(&parent_of(&first)).with_context(|| renaming(one, other))
    }
}

fn renaming(from: &Path, to: &Path) -> String {
    format!("renaming {} to {}", from.display(), to.display())
}

/// Whether `place` is a regular file with these bytes and this metadata. Without a requested owner, any owner matches.
fn holds(place: &Path, file: &FileState) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Ok(metadata) if metadata.is_file() => {}
        _ => return Ok(false),
    }
    let limit = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
    Ok(read_state(place, limit)?.is_some_and(|there| {
        let owner = file.metadata.owner.or(there.metadata.owner);
        there.bytes == file.bytes && there.metadata == Metadata { owner, ..file.metadata.clone() }
    }))
}

fn is_absent(place: &Path) -> bool {
    matches!(fs::symlink_metadata(place), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// The prefix of temporary files for `place`, which identifies them.
fn temporary_prefix(place: &Path) -> String {
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{TEMPORARY_PREFIX}{name}.")
}

/// A run that was killed between creating a temporary file and renaming it leaves the file; the next run, which holds
/// the lock, removes it.
fn remove_stale_temporaries(directory: &Path, place: &Path) -> io::Result<()> {
    let prefix = temporary_prefix(place);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A rename is durable only after its directory is synced (fsync(2)).
fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

fn parent_of(place: &Path) -> PathBuf {
    place.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}
