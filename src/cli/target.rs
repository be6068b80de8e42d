//! The node and the manifest that a command works on.

use super::global::NodeOptions;
use crate::diagnostic::Diagnostic;
use crate::kubelet::Kubelet;
use crate::node::{Node, Process};
use crate::observe::{Obstacle, find_kubelet, manifest_path};
use crate::plan::{Content, Plan};
use std::path::{Path, PathBuf};

/// The node and the manifest that a command works on.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) node: Node,
    /// The tree of `--root`; `None` for the live node.
    pub(super) root: Option<PathBuf>,
    /// The running kubelet, or why there is none to use; `None` for a tree.
    pub(super) kubelet: Option<Result<Kubelet, Vec<Diagnostic>>>,
    pub(super) manifest: PathBuf,
}

impl Target {
    /// Finds node, kubelet and manifest.
    ///
    /// # Errors
    /// `--root` is not a directory, or the manifest cannot be determined.
    pub(super) fn of(options: &NodeOptions) -> Result<Self, Obstacle> {
        let root = options.root.clone().unwrap_or_else(|| PathBuf::from("/"));
        let node = Node::at(&root);
        if node.directory_metadata(Path::new("/"))?.is_none() {
            return Err(Diagnostic::error(format!("--root {} is not a directory", root.display())).into());
        }
        let kubelet = match options.root {
            None => Some(match find_kubelet(&node) {
                Ok(kubelet) => Ok(kubelet),
                Err(Obstacle::Refused(refusals)) => Err(refusals),
                Err(failed) => return Err(failed),
            }),
            Some(_) => None,
        };
        let running = kubelet.as_ref().and_then(|found| found.as_ref().ok());
        let manifest = manifest_path(&node, options.manifest.as_deref(), running)?;
        Ok(Self { node, root: options.root.clone(), kubelet, manifest })
    }

    /// Whether `--root` names the machine's own root: files are changed under a running kubelet.
    pub(super) fn is_live_tree(&self) -> bool {
        self.root.as_deref() == Some(Path::new("/"))
    }

    /// The kubelet that has to restart the API server for `plan`; `None` for a tree, and for a plan that does not change
    /// the manifest.
    pub(super) fn live_kubelet(&self, plan: &Plan) -> Option<Result<&Kubelet, Vec<Diagnostic>>> {
        let changes_manifest = plan.changed_files().any(|file| file.content == Content::Manifest);
        let kubelet = self.kubelet.as_ref().filter(|_| changes_manifest)?;
        Some(kubelet.as_ref().map_err(Clone::clone))
    }

    /// The running API server of a live node, if it can be determined.
    pub(super) fn api_server(&self) -> Option<Process> {
        let kubelet = self.kubelet.as_ref()?.as_ref().ok()?;
        self.node.processes().api_servers(&kubelet.root_dir).ok()?.pop()
    }
}
