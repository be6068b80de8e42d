//! The files that a kubeconfig refers to: as the API server's container sees them, or as the operator does.

use crate::manifest::{Coverage, Mount};
use crate::node::Node;
use crate::plan::{FileChange, WebhookWanted};
use crate::webhook::{Kind, Reference};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FILE_LIMIT: u64 = 10 << 20;
/// A system's directory of CA certificates has a few hundred files.
const DIRECTORY_LIMIT: usize = 2000;

/// Where Go looks for the system's CA certificates: the first of these files that exists, and all files of the two
/// directories (`crypto/x509/root_linux.go`).
const AUTHORITY_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const AUTHORITY_DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The result of reading a path.
pub(super) enum Found {
    /// The file's content.
    Content(Vec<u8>),
    /// The file does not exist.
    Missing,
    /// No mount covers the path.
    Unseen,
}

/// Who reads the files.
pub(in crate::cli) enum View<'a> {
    /// The API server, once a plan is applied.
    Container {
        /// The node.
        node: &'a Node,
        /// The files that the plan changes.
        changes: &'a [FileChange],
        /// The container's mounts, once the plan is applied.
        mounts: Vec<Mount>,
        /// The running API server, for the other files of its image.
        process: Option<i32>,
        /// The kubeconfig's directory in the container.
        directory: PathBuf,
    },
    /// The operator.
    Operator {
        /// The files that the kubeconfig refers to.
        beside: BTreeMap<Kind, Vec<u8>>,
    },
}

impl<'a> View<'a> {
    /// The operator's view, for a kubeconfig that is not on the node yet.
    pub(in crate::cli) fn of_wanted(wanted: &WebhookWanted) -> View<'a> {
        View::Operator { beside: wanted.files.clone() }
    }

    /// The content of a file that the kubeconfig refers to.
    pub(super) fn find(&self, reference: &Reference) -> Result<Found> {
        match self {
            View::Container { directory, .. } => self.read(&directory.join(&reference.path)),
            View::Operator { beside } => {
                Ok(beside.get(&reference.kind).map_or(Found::Missing, |bytes| Found::Content(bytes.clone())))
            }
        }
    }

    /// The PEM files of the system's CA certificates; empty where they are not visible from here.
    pub(super) fn system_authorities(&self) -> Result<Vec<Vec<u8>>> {
        let mut files = Vec::new();
        for path in AUTHORITY_FILES {
            if let Found::Content(bytes) = self.read(Path::new(path))? {
                files.push(bytes);
                break;
            }
        }
        for directory in AUTHORITY_DIRECTORIES {
            let directory = Path::new(directory);
            let Some((node, host)) = self.place(directory) else { continue };
            for entry in node.list(&host)?.into_iter().take(DIRECTORY_LIMIT) {
                // A dangling link is ignored, as in Go.
                if let Ok(Found::Content(bytes)) = self.read(&directory.join(&entry.name)) {
                    files.push(bytes);
                }
            }
        }
        Ok(files)
    }

    fn read(&self, path: &Path) -> Result<Found> {
        let Some((node, host)) = self.place(path) else { return Ok(Found::Unseen) };
        if let View::Container { changes, .. } = self
            && let Some(change) = changes.iter().find(|change| change.path == host)
        {
            let after = change.after.as_ref().map(|file| file.bytes.clone());
            return Ok(after.map_or(Found::Missing, Found::Content));
        }
        Ok(node.read_file(&host, FILE_LIMIT)?.map_or(Found::Missing, |file| Found::Content(file.bytes)))
    }

    /// The file system and the path in it for a path of the container.
    fn place(&self, path: &Path) -> Option<(Node, PathBuf)> {
        match self {
            View::Operator { .. } => Some((Node::at("/"), path.to_path_buf())),
            View::Container { node, mounts, process, .. } => match Coverage::of(mounts, path) {
                Some(coverage) => Some(((*node).clone(), coverage.host?)),
                None => process.map(|pid| (Node::seen_by(pid), path.to_path_buf())),
            },
        }
    }
}
