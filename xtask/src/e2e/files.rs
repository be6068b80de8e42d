//! The files on a node, and whether one of them was written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::api_server::ApiServer;

/// The API server's manifest.
pub(super) const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/// The kubelet's directory of manifests.
pub(super) const MANIFESTS: &str = "/etc/kubernetes/manifests";
/// kaudit's state directory.
pub(super) const STATE: &str = "/var/lib/kaudit";
/// What kaudit may change on a node, apart from the log.
const OURS: [&str; 2] = ["/etc/kubernetes", STATE];

/// What differs when a file was written or replaced: inode and time of the last change in nanoseconds, by path.
pub(super) type Stamps = BTreeMap<PathBuf, (u64, i128)>;

/// The stamps of everything that kaudit may change. Those of a directory show names that were added or removed.
///
/// # Errors
///
/// When something cannot be read.
pub(super) fn stamps(api_server: &ApiServer<'_>) -> Result<Stamps> {
    let mut stamps = Stamps::new();
    for place in OURS.map(|place| api_server.path(place)) {
        if place.exists() {
            add(&place, &mut stamps)?;
        }
    }
    Ok(stamps)
}

fn add(place: &Path, stamps: &mut Stamps) -> Result<()> {
    let metadata = fs::symlink_metadata(place).with_context(|| format!("reading {}", place.display()))?;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    stamps.insert(place.to_path_buf(), (metadata.ino(), changed));
    if metadata.is_dir() {
        for entry in fs::read_dir(place).with_context(|| format!("listing {}", place.display()))? {
            add(&entry?.path(), stamps)?;
        }
    }
    Ok(())
}

/// The paths whose stamps differ.
pub(super) fn changed(before: &Stamps, after: &Stamps) -> Vec<PathBuf> {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let mut paths: Vec<PathBuf> = before.keys().chain(after.keys()).filter(differs).cloned().collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The names beside the manifest, and its own, sorted.
///
/// # Errors
///
/// When the directory cannot be listed.
pub(super) fn manifests(api_server: &ApiServer<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(api_server.path(MANIFESTS)).context("listing the manifests")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The manifest's bytes.
///
/// # Errors
///
/// When it is not there.
pub(super) fn manifest(api_server: &ApiServer<'_>) -> Result<Vec<u8>> {
    fs::read(api_server.path(MANIFEST)).with_context(|| format!("reading {MANIFEST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_came_went_and_was_written() {
        let stamps = |files: &[(&str, u64)]| -> Stamps {
            files.iter().map(|(path, inode)| (PathBuf::from(path), (*inode, 0))).collect()
        };
        let before = stamps(&[("/a", 1), ("/b", 2), ("/c", 3)]);
        let after = stamps(&[("/a", 1), ("/b", 9), ("/d", 4)]);
        assert_eq!(changed(&before, &after), ["/b", "/c", "/d"].map(PathBuf::from));
        assert!(changed(&before, &before).is_empty());
    }
}
