//! Which policy is meant, and for which version.

use super::args::Version;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR, Support};
use crate::cli::global::NodeOptions;
use crate::cli::named_policy::{NamedPolicy, find_policy};
use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::policy::{Policy, decode, examine, judge};
use std::fmt;

/// The text of a policy and what to call it.
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
/// It cannot be read, is too large, or is no text.
pub(super) fn read(name: &str) -> Result<PolicyText, Diagnostic> {
    let (name, bytes) = read_bytes(name)?;
    let text = decode(&bytes).map_err(|finding| {
        finding.refuse("", u32::from(NEWEST_KNOWN_MINOR)).without_excerpt().in_file(name.as_str())
    })?;
    Ok(PolicyText { name, text: text.to_owned() })
}

/// What to call it, and what is in it, text or not.
///
/// # Errors
/// It cannot be read.
pub(super) fn read_bytes(name: &str) -> Result<(String, Vec<u8>), Diagnostic> {
    Ok(match find_policy(None, name)? {
        NamedPolicy::Preset(preset) => (preset.name.to_owned(), preset.text.as_bytes().to_vec()),
        NamedPolicy::Text { name, bytes } => (name, bytes),
    })
}

/// Reads a policy that is going to be asked. What the API server only drops is no obstacle here.
///
/// # Errors
/// It cannot be read, or the API server 1.`minor` would not start with it.
pub(super) fn load(name: &str, minor: u32) -> Result<(PolicyText, Policy), Diagnostic> {
    let source = read(name)?;
    if let Some(policy) = examine(&source.text, minor).policy {
        return Ok((source, policy));
    }
    let refused = judge(&source.text, minor).map_err(|refusal| refusal.in_file(source.name.as_str()));
    Ok((source, refused?))
}

/// By which version is judged, and why.
#[derive(Debug)]
pub(super) struct Judging {
    /// The minor release.
    pub(super) minor: u32,
    /// What to add for people: whose version it is, or that another one was asked for.
    remark: String,
}

impl fmt::Display for Judging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}{}", self.minor, self.remark)
    }
}

/// Judges by the version that is asked for, else by that of the node's manifest, else by the newest that kaudit knows. A
/// machine or a tree without a control plane is no obstacle, a manifest that is named and not there is one.
///
/// # Errors
/// What is asked for is a version without audit policies, or of a manifest that is not there.
pub(super) fn judging(version: &Version, options: &NodeOptions) -> Result<Judging, Diagnostic> {
    let newest = u32::from(NEWEST_KNOWN_MINOR);
    let (version, whose) = match &version.kubernetes_version {
        Some(version) => (version.clone(), ""),
        None => match of_node(options)? {
            Some(version) => (version, ", this node's version"),
            None => {
                return Ok(Judging { minor: newest, remark: ", the newest that kaudit knows".to_owned() });
            }
        },
    };
    let remark = match version.closest_release()?.support {
        Support::Newer => format!(", the newest that kaudit knows, in place of {version}"),
        Support::Known | Support::Older => whose.to_owned(),
    };
    Ok(Judging { minor: version.policy_minor(), remark })
}

/// The minor release to judge by, see [`judging`].
///
/// # Errors
/// See [`judging`].
pub(super) fn minor(version: &Version, options: &NodeOptions) -> Result<u32, Diagnostic> {
    judging(version, options).map(|judging| judging.minor)
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
