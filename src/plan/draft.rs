//! The first half of `enable`: flags, mounts and environment, decided only from the manifest and the requested settings.
//! The files to read from the node depend on them: see [`Draft::read_set`].

use super::environment::plan_environment;
use super::flags::{audit_flags_there, edit_flags, point_at_flags, refuse_single_dashes, remark_flags};
use super::mounts::MountPlan;
use super::requested_webhook::RequestedWebhook;
use super::{POLICY_PATH, PolicyWanted, ReadSet, WEBHOOK_PATH, Wanted, adopt};
use crate::audit::argv::Occurrence;
use crate::audit::flag::{Backend, LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::audit::merged::Merged;
use crate::audit::settings::{self, RequestedFlag};
use crate::audit::value::{STANDARD_OUTPUT, is_expanded};
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::generation::Owned;
use crate::manifest::{Manifest, Mount};
use crate::policy::presets::preset;
use crate::yaml::Edit;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The preset that is used where no policy is requested and none is configured.
const DEFAULT_PRESET: &str = "default";

/// The changes of the manifest, decided only from the manifest and the requested settings.
#[derive(Debug)]
pub struct Draft {
    pub(super) manifest: Manifest,
    pub(super) version: KubernetesVersion,
    pub(super) settings: Merged,
    pub(super) policy: Source,
    /// The webhook kubeconfig on the host; `None`: there is none.
    pub(super) webhook: Option<PathBuf>,
    /// What to write there; `None`: the present file is kept.
    pub(super) requested_webhook: Option<RequestedWebhook>,
    /// The mounts as they will be.
    pub(super) mounts: Vec<Mount>,
    pub(super) log: Option<PathBuf>,
    pub(super) edits: Vec<Edit>,
    pub(super) owned_volumes: Vec<String>,
    pub(super) owned_environment: Vec<String>,
    pub(super) dropped_environment: Vec<String>,
    pub(super) notes: Vec<Diagnostic>,
    /// See [`Wanted::strict`].
    pub(super) strict: bool,
}

/// A file that the API server reads: where it is on the host and where its content comes from.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The host's path; `None`: no such file is configured.
    pub(super) host: Option<PathBuf>,
    /// What to write there; `None`: the present file is kept.
    pub(super) content: Option<RequestedContent>,
}

/// A requested file content.
#[derive(Debug)]
pub(super) struct RequestedContent {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// Presets are valid in every version that they are written for; tests check that.
    pub(super) is_preset: bool,
}

/// Decides flags, mounts and environment; `owned` are the parts of the manifest that kaudit added.
///
/// # Errors
/// Everything that can be checked with the manifest and the requested settings: unknown flags, values out of range, mounts
/// that cannot be added.
pub fn draft_enable(manifest: Manifest, wanted: &Wanted, owned: &Owned) -> Result<Draft, Vec<Diagnostic>> {
    let mut notes = Vec::new();
    let version = adopt::version_of(&manifest, wanted, &mut notes);
    version.closest_release().map_err(Diagnostic::alone)?;
    adopt::remark(&manifest, &mut notes);
    let minor = version.policy_minor();
    refuse_single_dashes(&manifest).map_err(Diagnostic::alone)?;
    let there = audit_flags_there(manifest.api_server());
    let mut mounts = MountPlan::of(&manifest);

    let asked_policy = policy_content(wanted, &there, minor, &mut notes).map_err(Diagnostic::alone)?;
    let asked = asked_flags(wanted, &asked_policy);
    let without = wanted.no_webhook.then_some(Backend::Webhook);
    let input = settings::Input {
        existing: &there,
        requested: &asked,
        reset: wanted.reset,
        without,
        version: &version,
    };
    let settings = settings::merge(input).map_err(|refusals| point_at_flags(&manifest, &there, refusals))?;
    notes.extend(remark_flags(&settings));
    notes.extend(settings.notes.iter().cloned());

    let path_of = |name: &str| {
        let path = path_of(&settings, name);
        path.map_err(|refusal| point_at_flags(&manifest, &there, refusal.alone()))
    };
    let mut policy = Source::default();
    if let Some(path) = path_of(POLICY_FILE)? {
        policy.host = Some(mounts.show_config(&path, "policy").map_err(Diagnostic::alone)?);
    }
    if let AskedPolicy::Write(requested) = asked_policy {
        policy.content = Some(requested);
    }
    let webhook_path = path_of(WEBHOOK_CONFIG_FILE)?;
    let show = |path: &PathBuf| mounts.show_config(path, "webhook kubeconfig");
    let webhook = webhook_path.as_ref().map(show).transpose().map_err(Diagnostic::alone)?;
    let requested_webhook =
        wanted.webhook.as_ref().map(RequestedWebhook::of).transpose().map_err(Diagnostic::alone)?;
    let log_path = path_of(LOG_PATH)?;
    let log = log_path.as_deref().map(|path| mounts.show_log(path)).transpose().map_err(Diagnostic::alone)?;

    let environment = plan_environment(&manifest, wanted, &version, log_path.as_deref(), owned)
        .map_err(Diagnostic::alone)?;
    notes.extend(environment.notes);
    notes.append(&mut mounts.notes);
    let owned_volumes = mounts.added.clone();
    let planned_mounts = mounts.mounts.clone();
    let flags: BTreeMap<String, String> =
        settings.entries.iter().map(|entry| (entry.flag.clone(), entry.value.clone())).collect();
    let mut edits = edit_flags(&manifest, &flags);
    edits.extend(environment.edits);
    edits.extend(mounts.into_edits());
    let (owned_environment, dropped_environment) = (environment.added, environment.dropped);
    Ok(Draft {
        manifest,
        version,
        settings,
        policy,
        webhook,
        requested_webhook,
        mounts: planned_mounts,
        log,
        edits,
        owned_volumes,
        owned_environment,
        dropped_environment,
        notes,
        strict: wanted.strict,
    })
}

impl Draft {
    /// The files and directories to read for [`Draft::finish`].
    #[must_use]
    pub fn read_set(&self) -> ReadSet {
        let mut read_set = ReadSet::default();
        for path in [&self.policy.host, &self.webhook].into_iter().flatten() {
            read_set.add_file(path);
        }
        if let (Some(host), Some(requested)) = (&self.webhook, &self.requested_webhook) {
            read_set.files.extend(requested.paths(&self.mounts, host));
        }
        if let Some(directory) = self.log.as_deref().and_then(Path::parent) {
            read_set.add_directory(directory);
        }
        read_set
    }

    /// The settings as they will be.
    #[must_use]
    pub fn settings(&self) -> &Merged {
        &self.settings
    }

    /// The version that the settings were checked against.
    #[must_use]
    pub fn version(&self) -> &KubernetesVersion {
        &self.version
    }

    /// The host's path of the log, where the log is a file.
    #[must_use]
    pub fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }
}

/// What to do about the policy.
enum AskedPolicy {
    /// The present flag keeps its file.
    Keep,
    /// A content for kaudit's own path.
    Write(RequestedContent),
    /// A file that is used in place.
    InPlace(PathBuf),
}

/// The requested flags, and those for the requested files.
fn asked_flags(wanted: &Wanted, policy: &AskedPolicy) -> Vec<RequestedFlag> {
    let mut asked = wanted.flags.clone();
    match policy {
        AskedPolicy::Keep => {}
        AskedPolicy::Write(_) => asked.push(asked_flag(POLICY_FILE, POLICY_PATH)),
        AskedPolicy::InPlace(path) => asked.push(asked_flag(POLICY_FILE, &path.to_string_lossy())),
    }
    if wanted.webhook.is_some() {
        asked.push(asked_flag(WEBHOOK_CONFIG_FILE, WEBHOOK_PATH));
    }
    asked
}

fn policy_content(
    wanted: &Wanted,
    there: &[Occurrence],
    minor: u32,
    notes: &mut Vec<Diagnostic>,
) -> Result<AskedPolicy, Diagnostic> {
    let preset = |name: &str| -> Result<AskedPolicy, Diagnostic> {
        let preset = preset::find(name).ok_or_else(|| Diagnostic::error(format!("unknown preset {name}")))?;
        let bytes = preset.text_for(minor).into_owned().into_bytes();
        Ok(AskedPolicy::Write(RequestedContent { name: format!("preset {name}"), bytes, is_preset: true }))
    };
    match &wanted.policy {
        Some(PolicyWanted::Preset(name)) => preset(name),
        Some(PolicyWanted::Text { name, bytes }) => Ok(AskedPolicy::Write(RequestedContent {
            name: name.clone(),
            bytes: bytes.clone(),
            is_preset: false,
        })),
        Some(PolicyWanted::InPlace { path }) => Ok(AskedPolicy::InPlace(path.clone())),
        None if !wanted.reset && there.iter().any(|occurrence| occurrence.flag == POLICY_FILE) => {
            Ok(AskedPolicy::Keep)
        }
        None => {
            notes.push(Diagnostic::info(format!(
                "no policy is configured or requested: using the preset {DEFAULT_PRESET}"
            )));
            preset(DEFAULT_PRESET)
        }
    }
}

/// The file of a flag; `None` where it is empty, or standard output.
///
/// # Errors
/// A path that cannot be resolved: relative to the container's working directory, or with a variable that the kubelet
/// expands.
fn path_of(settings: &Merged, flag: &str) -> Result<Option<PathBuf>, Diagnostic> {
    let value = settings.value(flag).unwrap_or_default();
    if value.is_empty() || value == STANDARD_OUTPUT {
        return Ok(None);
    }
    if value.starts_with('/') && !is_expanded(value) {
        return Ok(Some(PathBuf::from(value)));
    }
    Err(Diagnostic::error(format!("--{flag}={value}: kaudit cannot tell which file of the node this is"))
        .help("use an absolute path without variables, for example with --policy or --log-path"))
}

fn asked_flag(flag: &str, value: &str) -> RequestedFlag {
    RequestedFlag { flag: flag.to_owned(), value: value.to_owned() }
}
