//! What was typed → what is wanted. The operator's own files (policy, webhook kubeconfig) are read here.

use super::named_policy::{NamedPolicy, POLICY_LIMIT, find_policy};
use super::settings::Settings;
use super::target::Target;
use super::webhook::{made, made_elsewhere, resolve_service};
use crate::audit::flag::{POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::audit::settings::RequestedFlag;
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::plan::{PolicyWanted, Wanted};
use std::path::Path;

/// Understands `enable`'s options. Of `target` the API server is asked, where an option says so.
///
/// # Errors
/// A refusal that names the option: no such preset or file, a version or an entry that cannot be read.
pub(super) fn understand(settings: &Settings, target: &Target) -> Result<Wanted, Diagnostic> {
    let mut flags = settings.audit.given.clone();
    let mut take = |name: &str| {
        let position = flags.iter().position(|(flag, _)| flag == name)?;
        Some(flags.swap_remove(position).1)
    };
    let in_place = take(POLICY_FILE);
    let webhook = take(WEBHOOK_CONFIG_FILE);
    let policy = match (&settings.policy, in_place) {
        (Some(name), _) => Some(understand_policy(name)?),
        (None, Some(path)) => Some(PolicyWanted::InPlace { path: path.into() }),
        (None, None) => None,
    };
    let webhook = match (webhook, settings.webhook.client_config()?) {
        (Some(name), _) => Some(made_elsewhere(&name, read(&name, "--webhook-config-file")?)?),
        (None, Some(mut client)) => {
            if settings.webhook.resolve_service {
                resolve_service(target, &mut client)?;
            }
            Some(made(&client)?)
        }
        (None, None) => None,
    };
    Ok(Wanted {
        policy,
        webhook,
        no_webhook: settings.no_webhook,
        flags: flags.into_iter().map(|(flag, value)| RequestedFlag { flag, value }).collect(),
        environment: settings.container_env.clone(),
        logtail_cluster_id: settings.logtail_cluster_id.clone(),
        version: settings.kubernetes_version.clone(),
        reset: settings.reset,
        strict: settings.strict,
    })
}

/// A preset by its name; else standard input or a file, of a size that a policy can have.
fn understand_policy(name: &str) -> Result<PolicyWanted, Diagnostic> {
    match find_policy(Some("--policy"), name)? {
        NamedPolicy::Preset(preset) => Ok(PolicyWanted::Preset(preset.name)),
        NamedPolicy::Text { name, bytes } => Ok(PolicyWanted::Text { bytes: limited(bytes, &name)?, name }),
    }
}

fn read(path: &str, option: &str) -> Result<Vec<u8>, Diagnostic> {
    let bytes = Node::read_operators_file(Path::new(path), POLICY_LIMIT)
        .map_err(|error| Diagnostic::error(format!("{option} {path}: {error:#}")))?;
    limited(bytes, path)
}

fn limited(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>, Diagnostic> {
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= POLICY_LIMIT) {
        Ok(bytes)
    } else {
        Err(Diagnostic::error(format!("{name} is larger than 10 MiB")).in_file(name))
    }
}
