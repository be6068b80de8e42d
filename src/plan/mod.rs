//! Makes a plan from the state of the node and the requested settings. Pure: the plan is a value that can be shown,
//! applied and compared.

mod adopt;
mod by_hand;
mod disable;
mod disk;
mod draft;
mod edited;
mod environment;
mod files;
mod finish;
mod flags;
mod lint;
mod mount_repair;
mod mounts;
mod observed;
mod requested_webhook;
mod restart;
mod rollback;
mod surgical;
mod wanted;
mod webhook;

pub use adopt::check_surroundings;
pub use by_hand::lines_by_hand;
pub use disable::plan_disable;
pub use draft::{Draft, draft_enable};
pub use files::config_digest;
pub use flags::audit_flags_there;
pub use observed::{Inputs, Observed, ReadSet};
pub use restart::plan_restart;
pub use rollback::plan_rollback;
pub use wanted::{PolicyWanted, Wanted, WebhookWanted};

use crate::diagnostic::Diagnostic;
use crate::file::{FileState, Metadata};
use crate::generation::Owned;
use crate::manifest::Manifest;
use std::path::PathBuf;

/// The directory for the files that the API server reads: one read-only mount.
pub const CONFIG_DIRECTORY: &str = "/etc/kubernetes/audit";
/// The policy that `--policy` writes.
pub const POLICY_PATH: &str = "/etc/kubernetes/audit/policy.yaml";
/// The webhook kubeconfig that `--webhook-url` and `--webhook-config-file` write.
pub const WEBHOOK_PATH: &str = "/etc/kubernetes/audit/webhook.kubeconfig";
/// Volume of the configuration mount.
pub const CONFIG_VOLUME: &str = "kaudit-config";
/// Volume of the log mount.
pub const LOG_VOLUME: &str = "kaudit-log";
/// The annotation that carries the time of the last `kaudit restart`, which needs a new uid too.
pub const RESTART_ANNOTATION: &str = "kaudit.dev/restarted-at";

/// The changes of the node, in this order: directories created, files written (support files first, the manifest last),
/// files removed, empty directories removed.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Directories to create, parents first.
    pub directories: Vec<(PathBuf, Metadata)>,
    /// Files to write or remove, in order.
    pub files: Vec<FileChange>,
    /// Unchanged files that this change activates: they were edited since kaudit wrote them. Its generation records them.
    pub adopted: Vec<(PathBuf, FileState)>,
    /// Directories to remove if they are empty then, children first, with their metadata.
    pub directories_to_remove: Vec<(PathBuf, Metadata)>,
    /// The manifest as it will be, parsed; `None` where the plan has none.
    pub manifest: Option<Manifest>,
    /// What the operator should know.
    pub notes: Vec<Diagnostic>,
    /// What belongs to kaudit once the plan is applied.
    pub owned: Owned,
    /// Whether the plan adds or changes a webhook: its receiver is checked.
    pub brings_webhook: bool,
}

impl Plan {
    /// Whether applying it would change anything. Creating directories counts: the log directory may have been deleted.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        !self.directories.is_empty() || self.files.iter().any(FileChange::changes_something)
    }

    /// Removes the notes of a plan that changes nothing, if all of them are about changes.
    fn forget_notes_about_nothing(&mut self) {
        if !self.changes_something() {
            self.notes.clear();
        }
    }

    /// The files that are written or removed.
    pub fn changed_files(&self) -> impl Iterator<Item = &FileChange> {
        self.files.iter().filter(|file| file.changes_something())
    }
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The node's path of it.
    pub path: PathBuf,
    /// What is there; `None`: nothing.
    pub before: Option<FileState>,
    /// What will be there; `None`: nothing.
    pub after: Option<FileState>,
    /// What kind of content it is: decides what is masked when it is shown.
    pub content: Content,
}

impl FileChange {
    /// Whether before and after differ.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.before != self.after
    }
}

/// The kind of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The static pod manifest; environment values may be secret.
    Manifest,
    /// An audit policy: nothing secret.
    Policy,
    /// A kubeconfig: tokens, passwords and keys.
    Kubeconfig,
    /// A token or a key, or what may have one: it is never shown.
    Secret,
}
