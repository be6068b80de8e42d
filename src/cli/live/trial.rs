//! Validation of the planned audit configuration by the node's kube-apiserver binary.

use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::node::{EntryKind, How, Node, Process};
use crate::plan::{self, Plan};
use crate::restart::preflight::{Inputs, TrialResult, trial, version_program};
use crate::webhook::Kubeconfig;
use anyhow::Result;
use std::path::Path;

/// Lets the binary of `process` validate the audit configuration of the planned manifest.
///
/// # Errors
/// The binary rejects it.
pub(super) fn validate(
    node: &Node,
    plan: &Plan,
    planned: &Manifest,
    process: &Process,
    notes: &mut Vec<Diagnostic>,
) -> Result<Result<(), Diagnostic>> {
    let arguments = planned.api_server().arguments();
    let files = plan::Inputs::of(planned);
    let policy = match files.policy {
        Some(path) => content(node, plan, &path)?,
        None => None,
    };
    let webhook = match files.webhook {
        Some(path) => match content(node, plan, &path)? {
            Some(bytes) => files_beside(node, plan, &path, &bytes, process)?.map(|beside| (bytes, beside)),
            None => None,
        },
        None => None,
    };
    let image = &planned.api_server().image;
    let result =
        Node::executable_of(process.pid).map_err(|error| format!("{error:#}")).and_then(|executable| {
            let version = version_of(process, &executable, image, notes);
            let trial = trial(&Inputs {
                process,
                executable: &executable,
                minor: version.map_or(NEWEST_KNOWN_MINOR, |version| version.minor),
                arguments: &arguments,
                policy: policy.as_deref(),
                webhook: webhook.as_ref().map(|(bytes, _)| bytes.as_slice()),
                beside: webhook.as_ref().map_or(&[], |(_, beside)| beside.as_slice()),
            })?;
            Ok(trial.result(&Node::try_program(&trial.program)))
        });
    Ok(match result {
        Ok(TrialResult::Passes { warnings }) => {
            notes.extend(
                warnings.into_iter().map(|warning| Diagnostic::warning(format!("kube-apiserver: {warning}"))),
            );
            Ok(())
        }
        Ok(TrialResult::Rejected { message }) => Err(Diagnostic::error(
            "this node's kube-apiserver would not start with the planned audit configuration",
        )
        .evidence(message)),
        Ok(TrialResult::CannotRun { why }) | Err(why) => {
            notes.push(
                Diagnostic::warning(format!(
                    "this node's kube-apiserver could not validate the configuration: {why}"
                ))
                .help("kaudit validated the configuration by its own rules; a failed start is rolled back"),
            );
            Ok(())
        }
    })
}

/// The version of the running binary, or of its image's tag where the binary does not print one; a difference is noted.
fn version_of(
    process: &Process,
    executable: &str,
    image: &str,
    notes: &mut Vec<Diagnostic>,
) -> Option<KubernetesVersion> {
    let tag = KubernetesVersion::from_image(image);
    let ended = version_program(process, executable).map(|program| Node::try_program(&program));
    let printed = ended.ok().filter(|ended| ended.how == How::Exited(0)).map(|ended| ended.output);
    let running = printed.and_then(|line| KubernetesVersion::parse(line.trim()).ok());
    if let (Some(running), Some(tag)) = (&running, &tag)
        && running.minor != tag.minor
    {
        notes.push(
            Diagnostic::warning(format!(
                "the image {image} is tagged {tag}, but the running kube-apiserver is {running}"
            ))
            .help(format!(
                "flags and policy were checked for {tag}; use --kubernetes-version to select another version"
            )),
        );
    }
    running.or(tag)
}

/// A file of the host as it will be.
fn content(node: &Node, plan: &Plan, path: &Path) -> Result<Option<Vec<u8>>> {
    if let Some(change) = plan.files.iter().find(|change| change.path == path) {
        return Ok(change.after.as_ref().map(|file| file.bytes.clone()));
    }
    Ok(node.read_file(path, crate::observe::MANIFEST_LIMIT)?.map(|file| file.bytes))
}

/// Names and contents of files beside a kubeconfig.
type Beside = Vec<(String, Vec<u8>)>;

/// The files beside the kubeconfig that it refers to; `None` where it refers to one that the trial would not see: it sees
/// what the running API server sees, and these files.
fn files_beside(
    node: &Node,
    plan: &Plan,
    kubeconfig: &Path,
    bytes: &[u8],
    process: &Process,
) -> Result<Option<Beside>> {
    let Ok(read) = Kubeconfig::read(bytes) else { return Ok(Some(Vec::new())) };
    let seen = Node::seen_by(process.pid);
    let mut beside = Vec::new();
    for reference in read.references() {
        let path = Path::new(&reference.path);
        if path.is_absolute() {
            if !matches!(seen.target_kind(path), Ok(EntryKind::File)) {
                return Ok(None);
            }
        } else if let (false, Some(found)) =
            (reference.path.contains('/'), content(node, plan, &kubeconfig.with_file_name(path))?)
        {
            beside.push((reference.path.clone(), found));
        } else {
            return Ok(None);
        }
    }
    Ok(Some(beside))
}
