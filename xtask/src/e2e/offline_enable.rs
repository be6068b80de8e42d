//! `enable` and `disable` on the tree of a live node, where the kubelet restarts the API server by itself.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::api_server::ApiServer;
use super::kaudit::{LOG, disable, enable};
use crate::node::progress::Progress;
use crate::shell::project::Project;

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// What kaudit may change on a node, apart from the log.
const OURS: [&str; 2] = ["/etc/kubernetes", "/var/lib/kaudit"];

/// What differs when a file was written or replaced: path, inode, time of the last change in nanoseconds.
type Stamp = (PathBuf, u64, i128);

pub(super) fn run(_: &Project, api_server: &ApiServer<'_>, progress: &Progress) -> Result<()> {
    let manifest = api_server.path(MANIFEST);
    let read = || fs::read(&manifest).with_context(|| format!("reading {}", manifest.display()));
    let pristine = read()?;
    let first = api_server.process()?;

    progress.say("kaudit enable");
    enable(api_server, "default")?;
    let auditing = api_server.wait_for_successor(&first, true)?;
    let has_policy = |argument: &String| argument.starts_with("--audit-policy-file=");
    ensure!(auditing.arguments.iter().any(has_policy), "no --audit-policy-file in {:?}", auditing.arguments);
    api_server.prove_audit(LOG)?;
    progress.say("requests are in the audit log");

    // With no file changed there is nothing that the kubelet could see later.
    let before = stamps(api_server)?;
    enable(api_server, "default")?;
    ensure!(stamps(api_server)? == before, "a second enable has changed files");
    ensure!(api_server.process()? == auditing, "a second enable has restarted the API server");
    progress.say("a second enable changes nothing");

    disable(api_server)?;
    ensure!(read()? == pristine, "disable has left another manifest than kubeadm's");
    progress.say("kaudit disable: the manifest has kubeadm's bytes");
    api_server.wait_for_successor(&auditing, false)?;
    ensure!(api_server.path(LOG).is_file(), "disable has removed the log");
    Ok(())
}

fn stamps(api_server: &ApiServer<'_>) -> Result<Vec<Stamp>> {
    let mut files = Vec::new();
    for place in OURS {
        list(&api_server.path(place), &mut files)?;
    }
    files.sort();
    Ok(files)
}

/// Adds `place` and everything below it: a directory's time tells of names that came and went.
fn list(place: &Path, files: &mut Vec<Stamp>) -> Result<()> {
    let metadata = fs::symlink_metadata(place).with_context(|| format!("reading {}", place.display()))?;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    files.push((place.to_path_buf(), metadata.ino(), changed));
    if metadata.is_dir() {
        for entry in fs::read_dir(place).with_context(|| format!("listing {}", place.display()))? {
            list(&entry?.path(), files)?;
        }
    }
    Ok(())
}
