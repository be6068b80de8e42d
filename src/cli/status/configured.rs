//! What is configured in the files of a node: the manifest, its policy and log, and kaudit's records.

use super::generations;
use crate::cli::target::Target;
use crate::file::FileState;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::{Coverage, Manifest};
use crate::observe::{Obstacle, look, observe};
use crate::plan::{Observed, ReadSet, audit_flags_there, check_surroundings, config_digest};
use crate::transaction::{LOCK_PATH, Underway};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is configured.
#[derive(Debug)]
pub(in crate::cli) struct Configured {
    /// The manifest and the files that belong to it.
    pub(super) observed: Observed,
    /// The parsed manifest.
    pub(super) manifest: Manifest,
    /// Its audit flags.
    pub(in crate::cli) flags: BTreeMap<String, String>,
    /// The path of the policy on the host, if a mount covers it.
    pub(super) policy: Option<PathBuf>,
    /// The same for the webhook kubeconfig.
    pub(super) webhook: Option<PathBuf>,
    /// The same for the log.
    pub(in crate::cli) log: Option<PathBuf>,
    /// The log's size in bytes; `None`: it does not exist.
    pub(super) log_size: Option<u64>,
    /// A recorded run that is not complete.
    pub(super) underway: Option<Underway>,
    /// The process that holds the lock.
    pub(super) at_work: Option<String>,
}

impl Configured {
    /// Reads the files of the node.
    ///
    /// # Errors
    /// There is no API server manifest, or something cannot be read.
    pub(super) fn read(target: &Target) -> Result<Self, Obstacle> {
        let observed = observe(&target.node, &target.manifest)?;
        let manifest = Manifest::read(&observed.manifest.bytes)
            .map_err(|refusal| refusal.in_file(target.manifest.display().to_string()))?;
        let mut configured = Self::of(observed, manifest);
        let mut read_set = ReadSet::default();
        read_set.files.extend([&configured.policy, &configured.webhook].into_iter().flatten().cloned());
        look(&target.node, &mut configured.observed, &read_set)?;
        configured.underway = Underway::of(&target.node)?;
        configured.at_work = target.node.lock_holder(Path::new(LOCK_PATH))?;
        configured.log_size = match &configured.log {
            Some(path) => target.node.file_size(path)?,
            None => None,
        };
        Ok(configured)
    }

    /// What the manifest alone configures.
    pub(in crate::cli) fn of(observed: Observed, manifest: Manifest) -> Self {
        let flags: BTreeMap<String, String> = audit_flags_there(manifest.api_server())
            .into_iter()
            .map(|occurrence| (occurrence.flag, occurrence.value.unwrap_or_default()))
            .collect();
        let mounts = manifest.mounts();
        let host = |flag: &str| -> Option<PathBuf> {
            let path = flags.get(flag).filter(|path| path.starts_with('/'))?;
            Coverage::of(&mounts, Path::new(path))?.host
        };
        Self {
            policy: host("audit-policy-file"),
            webhook: host("audit-webhook-config-file"),
            log: host("audit-log-path"),
            observed,
            manifest,
            flags,
            log_size: None,
            underway: None,
            at_work: None,
        }
    }

    /// Whether the manifest turns audit logging on.
    pub(in crate::cli) fn is_enabled(&self) -> bool {
        is_enabled(|flag| self.flags.contains_key(flag))
    }

    /// The files that the API server reads at its start.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Path> {
        [&self.policy, &self.webhook].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether policy and webhook kubeconfig are those for which the manifest was written; `None`: unknown.
    pub(super) fn inputs_are_as_written(&self) -> Option<bool> {
        let bytes = |path: &Option<PathBuf>| {
            path.as_ref()
                .and_then(|path| self.observed.file(path))
                .map(|file: &FileState| file.bytes.as_slice())
        };
        let written = self.manifest.annotation(DIGEST_ANNOTATION)?;
        Some(written == config_digest(bytes(&self.policy), bytes(&self.webhook)))
    }

    /// How the files differ from those for which the manifest was written; `of_inputs` are the differences of policy and
    /// webhook kubeconfig.
    pub(super) fn drift(&self, of_inputs: Vec<String>) -> Vec<String> {
        let mut drift = Vec::new();
        if let Err(refusals) = check_surroundings(&self.manifest, &self.observed) {
            drift.extend(refusals.into_iter().map(|refusal| refusal.message));
        }
        for path in self.inputs().filter(|path| self.observed.file(path).is_none()) {
            drift.push(format!("{} does not exist: the API server would not start again", path.display()));
        }
        drift.extend(of_inputs);
        let Observed { history, manifest_path, manifest, .. } = &self.observed;
        if history.was_edited(manifest_path, Some(manifest)) {
            drift.push(format!(
                "the manifest was edited, but not by kaudit, after generation {}",
                history.newest()
            ));
        }
        if let Some(underway) = self.underway.as_ref().filter(|_| self.at_work.is_none()) {
            drift.push(format!(
                "a kaudit run was interrupted ({}); kaudit recover, or the next run, completes it or rolls it back",
                underway.progress()
            ));
        }
        drift
    }

    /// Manifest and image, for people.
    pub(super) fn manifest_lines(&self) -> [String; 2] {
        [
            format!("Manifest:      {}", self.observed.manifest_path.display()),
            format!("Image:         {}", self.manifest.api_server().image),
        ]
    }

    /// Flags, drift and generations, for people.
    pub(super) fn closing_lines(&self, drift: &[String], verbose: bool) -> Vec<String> {
        let mut lines: Vec<String> =
            self.flags.iter().map(|(flag, value)| format!("  --{flag}={value}")).collect();
        lines.push(if drift.is_empty() {
            "Drift:         none".to_owned()
        } else {
            format!("Drift:         {}", drift.join("\n               "))
        });
        lines.extend(generations::lines(&self.observed.history, verbose));
        lines
    }
}

/// Audit logging requires a policy and a backend: without one of them the API server starts, but does not log events
/// (`k8s.io/apiserver/pkg/server/options/audit.go`, `ApplyTo`).
pub(super) fn is_enabled(has: impl Fn(&str) -> bool) -> bool {
    has("audit-policy-file") && (has("audit-log-path") || has("audit-webhook-config-file"))
}
