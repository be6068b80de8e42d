//! Support files and directories: modes and owners.

use super::{Content, Observed, POLICY_PATH, Plan};
use crate::diagnostic::Diagnostic;
use crate::digest::sha256_hex;
use crate::file::{FileState, Metadata, Owner};
use crate::generation::Owned;
use crate::manifest::Manifest;
use crate::webhook::Kind;
use std::path::{Path, PathBuf};

/// Secrets and policies: readable only for the API server (CIS 1.1.1 and following).
const FILE_MODE: u32 = 0o600;
/// The directories that kaudit makes for the policy and for the log.
const LEAF_MODE: u32 = 0o700;
/// Their parent directories, as other programs create them.
const PARENT_MODE: u32 = 0o755;
const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// The value of [`crate::manifest::DIGEST_ANNOTATION`]: the SHA-256 over policy and webhook kubeconfig, each preceded by
/// its length as eight big-endian bytes, so that no two pairs of files give the same bytes. A missing file counts
/// as empty.
#[must_use]
pub fn config_digest(policy: Option<&[u8]>, webhook: Option<&[u8]>) -> String {
    let [policy, webhook] = [policy, webhook].map(Option::unwrap_or_default);
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes();
    sha256_hex(&[&length(policy), policy, &length(webhook), webhook])
}

/// The user and group of the API server on the host: root, or those of kubeadm's RootlessControlPlane.
///
/// # Errors
/// An invalid user or group id.
pub(super) fn owner_of_api_server(manifest: &Manifest) -> Result<Owner, Diagnostic> {
    let id = |value: Option<i64>| {
        u32::try_from(value.unwrap_or(0))
            .map_err(|_| Diagnostic::error("runAsUser or runAsGroup is not a valid id"))
    };
    Ok(Owner { uid: id(manifest.run_as_user())?, gid: id(manifest.run_as_group())? })
}

/// The file as kaudit writes it: an existing one keeps its mode, owner and attributes.
pub(super) fn support_file(observed: &Observed, path: &Path, bytes: Vec<u8>, owner: Owner) -> FileState {
    let metadata = observed.file(path).map_or_else(
        || Metadata::new(FILE_MODE, observed.may_change_owner.then_some(owner)),
        |there| there.metadata.clone(),
    );
    FileState { bytes, metadata }
}

/// Plans the missing directories down to `leaf`, and returns whether `leaf` is new.
pub(super) fn make_directories(plan: &mut Plan, observed: &Observed, leaf: &Path, owner: Owner) -> bool {
    let mut missing: Vec<&Path> = leaf
        .ancestors()
        .filter(|path| *path != Path::new("/"))
        .filter(|path| observed.directory(path).is_none())
        .filter(|path| !plan.directories.iter().any(|(planned, _)| planned == path))
        .collect();
    missing.reverse();
    let is_new = missing.contains(&leaf);
    for path in missing {
        let (mode, owner) = if path == leaf { (LEAF_MODE, owner) } else { (PARENT_MODE, ROOT) };
        let metadata = Metadata::new(mode, observed.may_change_owner.then_some(owner));
        plan.directories.push((path.to_path_buf(), metadata));
        plan.owned.directories.push(path.to_path_buf());
    }
    is_new
}

/// The kind of a recorded file. When in doubt it is masked: only policies are known to have no secrets.
pub(super) fn content_of(path: &Path, manifest: &Path) -> Content {
    if path == manifest {
        Content::Manifest
    } else if path.file_name() == Path::new(POLICY_PATH).file_name() {
        Content::Policy
    } else if Kind::ALL
        .into_iter()
        .filter_map(Kind::copy_name)
        .any(|name| path.file_name() == Some(name.as_ref()))
    {
        Content::Secret
    } else {
        Content::Kubeconfig
    }
}

/// The directories that are kaudit's by `now` and no longer by `then`, children first.
pub(super) fn removable(observed: &Observed, now: &Owned, then: &Owned) -> Vec<(PathBuf, Metadata)> {
    let gone = now.directories.iter().rev().filter(|path| !then.directories.contains(path));
    gone.filter_map(|path| Some((path.clone(), observed.directory(path)?.clone()))).collect()
}

/// Whether `owner` may do `wanted` (a set of `rwx` bits, one digit) with something of this metadata. Root may.
pub(super) fn permits(metadata: &Metadata, owner: Owner, wanted: u32) -> bool {
    let Some(there) = metadata.owner else { return true };
    let shift = if there.uid == owner.uid {
        6
    } else if there.gid == owner.gid {
        3
    } else {
        0
    };
    owner.uid == 0 || (metadata.mode >> shift) & wanted == wanted
}

/// A file of a flag that is kept does not exist. On the node itself the API server would not start; a directory tree may
/// be only a part of a node.
pub(super) fn missing_file(
    plan: &mut Plan,
    observed: &Observed,
    host: &Path,
    what: &str,
    option: &str,
) -> Result<(), Diagnostic> {
    let reason = format!("the {what} {} does not exist: the API server would not start", host.display());
    let help = format!("create the file, or let kaudit write one: {option}");
    if observed.is_live {
        return Err(Diagnostic::error(reason).help(help));
    }
    plan.notes.push(Diagnostic::warning(reason).help(help));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_keeps_the_two_files_apart() {
        assert_ne!(config_digest(Some(b"ab"), Some(b"c")), config_digest(Some(b"a"), Some(b"bc")));
        assert_ne!(config_digest(Some(b"a"), None), config_digest(None, Some(b"a")));
        assert_eq!(config_digest(None, None).len(), 64);
    }

    #[test]
    fn permissions_are_those_of_the_first_class_that_fits() {
        let metadata = |mode| Metadata::new(mode, Some(Owner { uid: 5, gid: 6 }));
        assert!(permits(&metadata(0o700), Owner { uid: 5, gid: 9 }, 0o7));
        assert!(!permits(&metadata(0o077), Owner { uid: 5, gid: 6 }, 0o7));
        assert!(permits(&metadata(0o070), Owner { uid: 1, gid: 6 }, 0o7));
        assert!(!permits(&metadata(0o700), Owner { uid: 1, gid: 6 }, 0o4));
        assert!(permits(&metadata(0o000), Owner { uid: 0, gid: 0 }, 0o7));
    }
}
