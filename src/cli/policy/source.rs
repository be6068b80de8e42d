//! The policy to work on, and the Kubernetes version to check it for.

use super::args::Version;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR, Support};
use crate::cli::global::NodeOptions;
use crate::cli::named_policy::{NamedPolicy, find_policy};
use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::policy::{Policy, decode, examine};
use std::fmt;

/// The text of a policy and its name.
#[derive(Debug)]
pub(super) struct PolicyText {
    /// The file as it was typed.
    pub(super) name: String,
    /// What is in it.
    pub(super) text: String,
}

/// Reads a preset by its name, else standard input (`-`) or a file.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub(super) fn read(name: &str) -> Result<PolicyText, Diagnostic> {
    let (name, bytes) = read_bytes(name)?;
    let text = decode(&bytes)
        .map_err(|finding| finding.refusal(u32::from(NEWEST_KNOWN_MINOR)).in_file(name.as_str()))?;
    Ok(PolicyText { name, text: text.to_owned() })
}

/// Its name and its bytes.
///
/// # Errors
/// It cannot be read.
pub(super) fn read_bytes(name: &str) -> Result<(String, Vec<u8>), Diagnostic> {
    Ok(match find_policy(None, name)? {
        NamedPolicy::Preset(preset) => (preset.name.to_owned(), preset.text.as_bytes().to_vec()),
        NamedPolicy::Text { name, bytes } => (name, bytes),
    })
}

/// Reads a policy that the API server would start with, even if it ignores a part of it.
///
/// # Errors
/// It cannot be read, or the API server 1.`minor` would not start with it.
pub(super) fn load(name: &str, minor: u32) -> Result<(PolicyText, Policy), Diagnostic> {
    let source = read(name)?;
    let policy = examine(&source.text, minor)
        .into_policy(minor)
        .map_err(|refusal| refusal.in_file(source.name.as_str()))?;
    Ok((source, policy))
}

/// The version that a policy is checked for, and why that one.
#[derive(Debug)]
pub(super) struct CheckedVersion {
    /// The minor release.
    pub(super) minor: u32,
    /// What to add for people: where the version comes from.
    remark: String,
}

impl fmt::Display for CheckedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}{}", self.minor, self.remark)
    }
}

/// The version from the options, else from the node's manifest, else the newest that kaudit knows. A machine or a tree
/// without a control plane is not an error, a missing manifest that was named in the options is one.
///
/// # Errors
/// The version has no audit policies, or its manifest is missing.
pub(super) fn checked_version(
    version: &Version,
    options: &NodeOptions,
) -> Result<CheckedVersion, Diagnostic> {
    let newest = u32::from(NEWEST_KNOWN_MINOR);
    let (version, origin) = if let Some(version) = &version.kubernetes_version {
        (version.clone(), "")
    } else if let Some(version) = of_node(options)? {
        (version, ", this node's version")
    } else {
        return Ok(CheckedVersion { minor: newest, remark: ", the newest that kaudit knows".to_owned() });
    };
    let remark = match version.closest_release()?.support {
        Support::Newer => format!(", the newest that kaudit knows, instead of {version}"),
        Support::Known | Support::Older => origin.to_owned(),
    };
    Ok(CheckedVersion { minor: version.policy_minor(), remark })
}

/// The minor release of [`checked_version`].
///
/// # Errors
/// See [`checked_version`].
pub(super) fn minor(version: &Version, options: &NodeOptions) -> Result<u32, Diagnostic> {
    checked_version(version, options).map(|version| version.minor)
}

fn of_node(options: &NodeOptions) -> Result<Option<KubernetesVersion>, Diagnostic> {
    let is_named = options.manifest.is_some();
    let missing = |reason: String| if is_named { Err(Diagnostic::error(reason)) } else { Ok(None) };
    let target = match Target::of(options) {
        Ok(target) => target,
        Err(Obstacle::Refused(mut refusals)) if is_named && !refusals.is_empty() => {
            return Err(refusals.remove(0));
        }
        Err(Obstacle::Failed(error)) => return missing(format!("{error:#}")),
        Err(Obstacle::Refused(_)) => return Ok(None),
    };
    let file = match target.node.read_file(&target.manifest, MANIFEST_LIMIT) {
        Ok(Some(file)) => file,
        Ok(None) => return missing(format!("there is no manifest {}", target.manifest.display())),
        Err(error) => return missing(format!("{error:#}")),
    };
    match Manifest::read(&file.bytes) {
        Ok(manifest) => Ok(KubernetesVersion::from_image(&manifest.api_server().image)),
        Err(refusal) if is_named => Err(refusal.in_file(target.manifest.display().to_string())),
        Err(_) => Ok(None),
    }
}
