//! The state of an idle node, for comparison with its later state.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::api_server::ApiServer;
use super::files::{STATE, Stamps, changed, manifest, manifests, stamps};
use super::processes::Process;
use crate::node::wait::wait_for;

/// Short against a restart.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// The manifest by kubeadm is the only one on a node.
const NAME: &str = "kube-apiserver.yaml";

/// The state at a moment when no change was in progress.
pub(super) struct Snapshot {
    pub(super) manifest: Vec<u8>,
    pub(super) process: Process,
    stamps: Stamps,
}

impl Snapshot {
    /// Takes a snapshot of an idle node.
    ///
    /// # Errors
    ///
    /// When the node is not idle; the error says why.
    pub(super) fn take(api_server: &ApiServer<'_>) -> Result<Snapshot> {
        let names = manifests(api_server)?;
        ensure!(names == [NAME], "the directory of manifests has {names:?}");
        let journal = api_server.path(STATE).join("journal");
        ensure!(!journal.exists(), "there is a journal: {}", journal.display());
        let process = api_server.process()?;
        // A busy machine answers late once in a while; one that is not healthy stays so.
        wait_for("the API server to be ready", READY_LIMIT, || Ok(api_server.is_ready()?.then_some(())))?;
        let manifest = manifest(api_server)?;
        let text = String::from_utf8_lossy(&manifest);
        for argument in &process.arguments {
            ensure!(text.contains(&format!("- {argument}\n")), "runs with {argument}, not in the manifest");
        }
        let asked = text.lines().filter(|line| line.trim_start().starts_with("- --")).count();
        ensure!(asked == process.arguments.len() - 1, "the manifest has {asked} flags: {process:?}");
        Ok(Snapshot { manifest, process, stamps: stamps(api_server)? })
    }

    /// Checks that nothing was restarted, and nothing written but the lock, which is taken before a refusal.
    ///
    /// # Errors
    ///
    /// When something was.
    pub(super) fn check_untouched(&self, api_server: &ApiServer<'_>) -> Result<()> {
        let now = Snapshot::take(api_server)?;
        ensure!(now.process == self.process, "another API server: {} now", now.process.pid);
        let state = api_server.path(STATE);
        let mut changed = changed(&self.stamps, &now.stamps);
        changed.retain(|path| *path != state && *path != state.join("lock"));
        ensure!(changed.is_empty(), "written: {changed:?}");
        Ok(())
    }

    /// Checks that the node is as it was, with the same process or another one.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(super) fn check_restored(&self, api_server: &ApiServer<'_>) -> Result<()> {
        let now = Snapshot::take(api_server)?;
        ensure!(now.manifest == self.manifest, "another manifest than before");
        ensure!(now.process.arguments == self.process.arguments, "other arguments: {:?}", now.process);
        Ok(())
    }

    /// The paths written between two snapshots, the lock too.
    pub(super) fn written_since(&self, earlier: &Snapshot) -> Vec<PathBuf> {
        changed(&earlier.stamps, &self.stamps)
    }

    /// The value of the manifest's annotation that identifies the active policy.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn hash(&self) -> Result<String> {
        let text = String::from_utf8_lossy(&self.manifest);
        let hash = text.lines().find_map(|line| line.trim_start().strip_prefix("kaudit.dev/config-sha256: "));
        Ok(hash.context("no annotation kaudit.dev/config-sha256 in the manifest")?.to_owned())
    }
}
