//! Observed + wanted → plan. Pure: nothing here reads or writes; the plan is a value that can be shown, applied,
//! compared and thrown away.

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
use std::path::PathBuf;

/// Where kaudit keeps what the API server reads: one read-only directory mount.
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

/// What will be done to the node, in this order: directories made, files written (support files first, the
/// manifest last), files removed, empty directories removed.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Directories to make, parents first.
    pub directories: Vec<(PathBuf, Metadata)>,
    /// Files to write or remove, in order.
    pub files: Vec<FileChange>,
    /// Files that stay as they are and come into force with this change: somebody edited them since kaudit wrote them.
    /// Its generation has them too.
    pub adopted: Vec<(PathBuf, FileState)>,
    /// Directories to remove if they are empty by then, children first, and what they are like.
    pub directories_to_remove: Vec<(PathBuf, Metadata)>,
    /// What the operator should know.
    pub notes: Vec<Diagnostic>,
    /// What of the node is kaudit's once the plan is applied.
    pub owned: Owned,
    /// Whether a webhook is asked for that is not there yet, or not so: its receiver has to prove itself.
    pub brings_webhook: bool,
}

impl Plan {
    /// Whether applying it would write anything. Making directories alone counts: a log directory that somebody
    /// deleted is a reason to run.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        !self.directories.is_empty() || self.files.iter().any(FileChange::changes_something)
    }

    /// Drops the notes of a plan whose notes all tell what changes, where nothing does.
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

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The static pod manifest; environment values may be secret.
    Manifest,
    /// An audit policy: nothing secret.
    Policy,
    /// A kubeconfig: tokens, passwords and keys.
    Kubeconfig,
    /// A token or a key, or what may hold one: nothing of it is shown.
    Secret,
}
