//! What was typed → what is wanted. The operator's own files (policy, webhook kubeconfig) are read here.

use super::Target;
use super::args::Settings;
use super::receiver_options::{made, made_elsewhere};
use super::webhook::resolve_service;
use crate::audit::flag::{POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::audit::settings::Asked;
use crate::node::Node;
use crate::plan::{PolicyWanted, Wanted};
use crate::policy::preset;
use crate::refusal::Refusal;
use std::io;
use std::path::Path;

/// A policy that large is none; the API server has no limit, kaudit needs one for reading from a pipe.
const FILE_LIMIT: u64 = 10 << 20;

/// Understands `enable`'s options. Of `target` the API server is asked, where an option says so.
///
/// # Errors
/// A refusal that names the option: no such preset or file, a version or an entry that cannot be read.
pub(super) fn understand(settings: &Settings, target: &Target) -> Result<Wanted, Refusal> {
    let mut flags = settings.audit.given.clone();
    let mut take = |name: &str| {
        let position = flags.iter().position(|(flag, _)| flag == name)?;
        Some(flags.swap_remove(position).1)
    };
    let in_place = take(POLICY_FILE);
    let webhook = take(WEBHOOK_CONFIG_FILE);
    let policy = match (&settings.policy, in_place) {
        (Some(name), _) => Some(find_policy(name)?),
        (None, Some(path)) => Some(PolicyWanted::InPlace { path: path.into() }),
        (None, None) => None,
    };
    let webhook = match (webhook, settings.receiver.receiver()?) {
        (Some(name), _) => Some(made_elsewhere(&name, read(&name, "--webhook-config-file")?)?),
        (None, Some(mut receiver)) => {
            if settings.receiver.resolve_service {
                resolve_service(target, &mut receiver)?;
            }
            Some(made(&receiver)?)
        }
        (None, None) => None,
    };
    Ok(Wanted {
        policy,
        webhook,
        flags: flags.into_iter().map(|(flag, value)| Asked { flag, value }).collect(),
        environment: settings.container_env.clone(),
        logtail_cluster_id: settings.logtail_cluster_id.clone(),
        version: settings.kubernetes_version.clone(),
        reset: settings.reset,
        strict: settings.strict,
    })
}

/// A preset by its name; else standard input or a file.
fn find_policy(name: &str) -> Result<PolicyWanted, Refusal> {
    if let Some(preset) = preset::find(name) {
        return Ok(PolicyWanted::Preset(preset.name));
    }
    if name == "-" {
        let bytes =
            Node::read_standard_input(FILE_LIMIT).map_err(|error| unreadable("--policy -", &error))?;
        return Ok(PolicyWanted::Text {
            name: "standard input".to_owned(),
            bytes: limited(bytes, "standard input")?,
        });
    }
    match Node::read_operators_file(Path::new(name), FILE_LIMIT) {
        Ok(bytes) => Ok(PolicyWanted::Text { name: name.to_owned(), bytes: limited(bytes, name)? }),
        Err(error) if is_missing(&error) && !name.contains('/') => Err(refuse_unknown_preset(name)),
        Err(error) => Err(unreadable(&format!("--policy {name}"), &error)),
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn refuse_unknown_preset(name: &str) -> Refusal {
    let refusal = Refusal::new(format!("--policy {name}: there is no preset and no file of that name"));
    let refusal = match preset::suggest(name) {
        Some(meant) => refusal.help(format!("did you mean --policy {}?", meant.name)),
        None => refusal,
    };
    let names: Vec<&str> = preset::all().iter().map(|preset| preset.name).collect();
    refusal.help(format!("presets: {}", names.join(", ")))
}

fn read(path: &str, option: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = Node::read_operators_file(Path::new(path), FILE_LIMIT)
        .map_err(|error| unreadable(&format!("{option} {path}"), &error))?;
    limited(bytes, path)
}

fn limited(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>, Refusal> {
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= FILE_LIMIT) {
        Ok(bytes)
    } else {
        Err(Refusal::new(format!("{name} is larger than 10 MiB")).in_file(name))
    }
}

fn unreadable(option: &str, error: &anyhow::Error) -> Refusal {
    Refusal::new(format!("{option}: {error:#}"))
}
