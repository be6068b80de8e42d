//! Which policy is meant, and for which version.

use super::args::Version;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::cli::Target;
use crate::cli::args::Global;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::policy::{Policy, examine, judge, preset};
use crate::refusal::Refusal;
use crate::yaml;
use std::path::Path;

/// A policy that large is none.
const FILE_LIMIT: u64 = 10 << 20;

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
pub(super) fn read(name: &str) -> Result<PolicyText, Refusal> {
    if let Some(preset) = preset::find(name) {
        return Ok(PolicyText { name: preset.name.to_owned(), text: preset.text.to_owned() });
    }
    let (name, bytes) = if name == "-" {
        ("standard input", Node::read_standard_input(FILE_LIMIT))
    } else {
        (name, Node::read_operators_file(Path::new(name), FILE_LIMIT))
    };
    let bytes = bytes.map_err(|error| refuse_unreadable(name, &error))?;
    let text = yaml::decode(&bytes).map_err(|refusal| refusal.in_file(name))?;
    Ok(PolicyText { name: name.to_owned(), text: text.to_owned() })
}

fn refuse_unreadable(name: &str, error: &anyhow::Error) -> Refusal {
    let refusal = Refusal::new(format!("{error:#}"));
    match preset::suggest(name) {
        Some(meant) => refusal.help(format!("did you mean the preset {}?", meant.name)),
        None => refusal,
    }
}

/// Reads a policy that is going to be asked. What the API server only drops is no obstacle here.
///
/// # Errors
/// It cannot be read, or the API server 1.`minor` would not start with it.
pub(super) fn load(name: &str, minor: u32) -> Result<(PolicyText, Policy), Refusal> {
    let source = read(name)?;
    if let Some(policy) = examine(&source.text, minor).policy {
        return Ok((source, policy));
    }
    let refused = judge(&source.text, minor).map_err(|refusal| refusal.in_file(source.name.as_str()));
    Ok((source, refused?))
}

/// The minor version to judge by: the one that is asked for, that of the node's manifest, the newest.
///
/// # Errors
/// What is asked for is no version, or one that kaudit does not know.
pub(super) fn minor(version: &Version, global: &Global) -> Result<u32, Refusal> {
    let version = match &version.kubernetes_version {
        Some(text) => Some(KubernetesVersion::parse(text)?),
        None => of_node(global),
    };
    match version {
        Some(version) => version.judged().map(|judged| u32::from(judged.minor)),
        None => Ok(u32::from(NEWEST_KNOWN_MINOR)),
    }
}

/// A machine without a control plane is no obstacle for these commands.
fn of_node(global: &Global) -> Option<KubernetesVersion> {
    let target = Target::of(global).ok()?;
    let file = target.node.read_file(&target.manifest, FILE_LIMIT).ok()??;
    KubernetesVersion::from_image(&Manifest::read(&file.bytes).ok()?.api_server().image)
}
