//! `webhook …`, and the checks of a webhook that `enable` makes before it changes anything.

mod api_server_settings;
mod args;
mod ask;
mod inspect;
mod options;
mod section;
mod service;
#[cfg(test)]
mod tests;
mod view;

pub(super) use args::WebhookArgs;
pub(super) use options::{IgnoreOptions, WebhookOptions, made, made_elsewhere};
pub(super) use section::WebhookView;
pub(super) use service::resolve_service;

use super::end::{end, refuse_reading};
use super::global::NodeOptions;
use super::target::Target;
use crate::audit::argv::lookup;
use crate::audit::flag::{POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit::Exit;
use crate::manifest::{Coverage, Manifest};
use crate::node::{Node, moment};
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::plan::{FileChange, Inputs, Plan};
use crate::report::{Details, Output, Report};
use crate::webhook::check;
use anyhow::{Result, anyhow};
use api_server_settings::ApiServerSettings;
use args::{Check, WebhookCommand};
use std::path::{Path, PathBuf};
use view::View;

/// A webhook to check.
struct CheckedWebhook<'a> {
    /// The name of the kubeconfig in messages.
    name: String,
    bytes: Vec<u8>,
    view: View<'a>,
    settings: ApiServerSettings,
}

impl<'a> CheckedWebhook<'a> {
    /// The webhook of a manifest's API server, once `changes` are made; `None` where it has none.
    fn of_manifest(
        node: &'a Node,
        manifest: &Manifest,
        changes: &'a [FileChange],
        process: Option<i32>,
    ) -> Result<Option<Self>, Obstacle> {
        let arguments = manifest.api_server().arguments();
        let path = |flag: &str| {
            let value = lookup(&arguments, flag)?.value.filter(|value| !value.is_empty())?;
            Some(PathBuf::from(value))
        };
        let mounts = manifest.mounts();
        let content = |path: &Path| -> Result<Option<Vec<u8>>> {
            let Some(host) = Coverage::of(&mounts, path).and_then(|coverage| coverage.host) else {
                return Ok(None);
            };
            if let Some(change) = changes.iter().find(|change| change.path == host) {
                return Ok(change.after.as_ref().map(|file| file.bytes.clone()));
            }
            Ok(node.read_file(&host, MANIFEST_LIMIT)?.map(|file| file.bytes))
        };
        let Some(kubeconfig) = path(WEBHOOK_CONFIG_FILE) else { return Ok(None) };
        let shown = kubeconfig.display().to_string();
        let bytes = content(&kubeconfig)?.ok_or_else(|| {
            Diagnostic::error(format!(
                "the webhook kubeconfig {shown} does not exist: the API server would not start"
            ))
        })?;
        let policy = match path(POLICY_FILE) {
            Some(path) => content(&path)?,
            None => None,
        };
        let directory = kubeconfig.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Some(Self {
            name: shown,
            bytes,
            settings: ApiServerSettings::of(manifest, policy.as_deref()),
            view: View::Container { node, changes, mounts, process, directory },
        }))
    }

    fn inspect(&self) -> Result<inspect::Inspected> {
        inspect::inspect(&self.name, &self.bytes, &self.view, &self.settings.environment, moment())
    }
}

/// Checks the files of a planned webhook; no notes if the plan does not add or change one.
///
/// # Errors
/// The API server would not start with it, or events would not arrive.
pub(super) fn check_files(
    target: &Target,
    plan: &Plan,
    ignored: &[String],
) -> Result<Vec<Diagnostic>, Obstacle> {
    let Some(manifest) = planned_manifest(plan) else { return Ok(Vec::new()) };
    let process = target.api_server().map(|process| process.pid);
    let Some(webhook) = CheckedWebhook::of_manifest(&target.node, manifest, &plan.files, process)? else {
        return Ok(Vec::new());
    };
    let mut findings = webhook.inspect()?.findings;
    // The plan has a note about blocking modes already.
    findings.extend(
        webhook.settings.check().into_iter().filter(|finding| finding.id != Some("webhook-blocking")),
    );
    let mut notes = sort(findings, ignored)?;
    if target.root.is_some() {
        notes.push(
            Diagnostic::info("the webhook's receiver was not contacted, because --root is a directory tree")
                .help("to test it on the node: kaudit webhook check"),
        );
    }
    Ok(notes)
}

/// Checks the receiver of a planned webhook.
///
/// # Errors
/// Events would not arrive.
pub(super) fn check_receiver(
    target: &Target,
    plan: &Plan,
    ignored: &[String],
) -> Result<Vec<Diagnostic>, Obstacle> {
    let Some(manifest) = planned_manifest(plan) else { return Ok(Vec::new()) };
    let process = target.api_server().map(|process| process.pid);
    let Some(webhook) = CheckedWebhook::of_manifest(&target.node, manifest, &plan.files, process)? else {
        return Ok(Vec::new());
    };
    let findings = ask(&target.node, &webhook, &webhook.inspect()?);
    sort(findings, ignored)
}

/// The manifest of a plan that adds or changes a webhook.
fn planned_manifest(plan: &Plan) -> Option<&Manifest> {
    plan.manifest.as_ref().filter(|_| plan.brings_webhook)
}

fn ask(node: &Node, webhook: &CheckedWebhook<'_>, inspected: &inspect::Inspected) -> Vec<Diagnostic> {
    // Without the proxy or the plugin's credentials, the response would differ from the API server's.
    let is_other = |finding: &Diagnostic| matches!(finding.id, Some("webhook-proxy" | "webhook-plugin"));
    match &inspected.ready {
        Some(ready) if !inspected.findings.iter().any(is_other) => {
            ask::ask(node, ready, webhook.settings.list_version())
        }
        _ => Vec::new(),
    }
}

/// Errors to refusals, the rest to notes.
fn sort(findings: Vec<Diagnostic>, ignored: &[String]) -> Result<Vec<Diagnostic>, Obstacle> {
    let findings: Vec<Diagnostic> =
        findings.into_iter().map(|finding| check::soften(finding, ignored)).collect();
    let errors = findings.iter().filter(|finding| finding.is_error());
    let refusals: Vec<Diagnostic> = errors.map(check::refusal).collect();
    if refusals.is_empty() {
        Ok(findings.into_iter().filter(|finding| finding.severity != Severity::Ok).collect())
    } else {
        Err(refusals.into())
    }
}

/// Runs one of the commands.
pub(super) fn run(args: &WebhookArgs, output: &mut Output<'_>) -> Exit {
    let WebhookCommand::Check(check) = &args.command;
    let result = run_check(&check.args, &check.node, output).unwrap_or_else(refuse_reading);
    end(output, result)
}

fn run_check(args: &Check, options: &NodeOptions, output: &Output<'_>) -> Result<(Report, Exit), Obstacle> {
    let (target, obstacle) = match Target::of(options) {
        Ok(target) => (Some(target), None),
        Err(obstacle) => (None, Some(obstacle)),
    };
    let node = Node::at("/");
    let webhook = if let Some(wanted) = wanted(args, target.as_ref())? {
        // The flags are those of the node's manifest, if there is one; other machines have none.
        let manifest = target.as_ref().and_then(read_manifest);
        let settings = match (&target, &manifest) {
            (Some(target), Some(manifest)) => {
                ApiServerSettings::of(manifest, policy_of(target, manifest).as_deref())
            }
            _ => ApiServerSettings::default(),
        };
        let view = View::of_wanted(&wanted);
        CheckedWebhook { name: wanted.name, bytes: wanted.bytes, view, settings }
    } else {
        if let Some(obstacle) = obstacle {
            return Err(obstacle);
        }
        let Some(target) = &target else { return Err(anyhow!("there is no node").into()) };
        configured(target)?
    };
    let inspected = webhook.inspect()?;
    let is_asked = !args.offline
        && (options.root.is_none() || args.file.is_some() || args.webhook.webhook_url.is_some());
    let asked = if is_asked { ask(&node, &webhook, &inspected) } else { Vec::new() };
    let mut findings = inspected.findings;
    let was_asked = !asked.is_empty();
    findings.extend(asked);
    findings.extend(webhook.settings.check());
    let findings: Vec<Diagnostic> = findings
        .into_iter()
        .map(|finding| check::soften(finding, &args.ignore.ignore_preflight_errors))
        .collect();
    Ok(report(&findings, was_asked, output))
}

/// The webhook of the node's manifest.
fn configured(target: &Target) -> Result<CheckedWebhook<'_>, Obstacle> {
    let manifest = read_manifest(target).ok_or_else(|| {
        Diagnostic::error(format!("the manifest {} does not exist or is invalid", target.manifest.display()))
            .help("check a kubeconfig: kaudit webhook check FILE")
    })?;
    let process = target.api_server().map(|process| process.pid);
    let webhook = CheckedWebhook::of_manifest(&target.node, &manifest, &[], process)?;
    Ok(webhook.ok_or_else(|| {
        Diagnostic::error("no webhook is configured on this node")
            .help("check a kubeconfig: kaudit webhook check FILE; or a receiver: --webhook-url URL")
    })?)
}

/// The webhook that is named on the command line.
fn wanted(args: &Check, target: Option<&Target>) -> Result<Option<crate::plan::WebhookWanted>, Diagnostic> {
    if let Some(name) = &args.file {
        let bytes = Node::read_operators_file(Path::new(name), MANIFEST_LIMIT)
            .map_err(|error| Diagnostic::error(format!("{error:#}")))?;
        return made_elsewhere(name, bytes).map(Some);
    }
    let Some(mut client) = args.webhook.client_config()? else { return Ok(None) };
    if args.webhook.resolve_service {
        match target {
            Some(target) => resolve_service(target, &mut client)?,
            None => {
                return Err(Diagnostic::error("--resolve-service requires an API server on this machine"));
            }
        }
    }
    made(&client).map(Some)
}

fn read_manifest(target: &Target) -> Option<Manifest> {
    let file = target.node.read_file(&target.manifest, MANIFEST_LIMIT).ok()??;
    Manifest::read(&file.bytes).ok()
}

fn policy_of(target: &Target, manifest: &Manifest) -> Option<Vec<u8>> {
    let path = Inputs::of(manifest).policy?;
    Some(target.node.read_file(&path, MANIFEST_LIMIT).ok()??.bytes)
}

fn report(findings: &[Diagnostic], was_asked: bool, output: &Output<'_>) -> (Report, Exit) {
    let styles = output.out_styles;
    let mut report = Report::default();
    for finding in findings {
        let severity = format!("{:<8}", finding.severity.name());
        let severity = match finding.severity {
            Severity::Ok => styles.green(&severity),
            Severity::Info => styles.cyan(&severity),
            Severity::Warning => styles.yellow(&severity),
            Severity::Error => styles.red(&severity),
        };
        report.lines.push(format!("{severity} {:<26} {}", finding.id.unwrap_or_default(), finding.message));
        report.lines.extend(finding.help.iter().map(|hint| format!("         hint: {hint}")));
    }
    let of = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let asked = if was_asked { "" } else { " The receiver was not contacted." };
    let (message, exit) = match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) if was_asked => ("Events would arrive.".to_owned(), Exit::Done),
        (0, 0) => (format!("The files are valid.{asked}"), Exit::Done),
        (0, 1) => (format!("1 warning.{asked}"), Exit::Differences),
        (0, warnings) => (format!("{warnings} warnings.{asked}"), Exit::Differences),
        _ => ("Events would not arrive; enable would refuse this webhook.".to_owned(), Exit::Refused),
    };
    report.message = message;
    report.details = Some(Details::of(&WebhookView { receiver_asked: was_asked, findings }));
    (report, exit)
}
