//! `enable`, and the plan that `diff` shows.

use super::change::{Change, Context};
use super::end::refuse;
use super::intent;
use super::options::{ChangeOptions, Consent, Restart};
use super::planned::Planned;
use super::settings::Settings;
use super::target::Target;
use super::webhook::check_files;
use crate::audit::merged::{Merged, Origin};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::manifest::{Manifest, refuse_managed};
use crate::node::Node;
use crate::observe::{Obstacle, look, observe};
use crate::plan::{Draft, Observed, ReadSet, Wanted, check_surroundings, draft_enable, lines_by_hand};
use crate::report::{Output, Report};
use clap::Args;
use std::path::Path;

/// What `--help` shows below the options.
pub(super) const HELP: &str = "\
Examples:
  kaudit enable --policy default \\
    --log-path /var/log/kubernetes/audit/audit.log
  kaudit enable --policy my-policy.yaml --strict --dry-run
  kaudit enable --log-maxage 60 --drain 2s
  kaudit enable --webhook-url https://sink.example:9443/ \\
    --webhook-ca-file ca.crt --webhook-token-file token";

/// The options of `enable`.
#[derive(Debug, Args)]
pub(super) struct EnableArgs {
    /// What audit logging should be.
    #[command(flatten)]
    settings: Settings,
    /// Whether to ask.
    #[command(flatten)]
    consent: Consent,
    /// How to restart.
    #[command(flatten)]
    restart: Restart,
}

/// Runs it.
pub(super) fn run(
    args: &EnableArgs,
    context: Context,
    target: &Target,
    output: &mut Output<'_>,
) -> (Report, Exit) {
    let wanted = match intent::understand(&args.settings, target) {
        Ok(wanted) => wanted,
        Err(refusal) => return refuse(refusal.into()),
    };
    let ignored = &args.settings.ignore.ignore_preflight_errors;
    let options = ChangeOptions { consent: args.consent, restart: args.restart };
    let change = Change { ignored, ..Change::of("enable", "Enable audit logging", options, context) };
    change.run(target, output, |target, verbose| plan(target, &wanted, ignored, verbose))
}

/// Reads the node for a command that changes it, and refuses nodes that must not be edited.
///
/// # Errors
/// See [`Obstacle`].
pub(super) fn read_for_change(node: &Node, manifest_path: &Path) -> Result<(Manifest, Observed), Obstacle> {
    let mut observed = observe(node, manifest_path)?;
    let shown = || manifest_path.display().to_string();
    let manifest = Manifest::read(&observed.manifest.bytes).map_err(|refusal| {
        // That another tool manages the manifest is the more helpful reason.
        refuse_managed(&observed.manifest.bytes, manifest_path).unwrap_or(refusal).in_file(shown())
    })?;
    check_surroundings(&manifest, &observed)?;
    let mut read_set = ReadSet::of_history(&observed.history);
    read_set.files.remove(manifest_path);
    look(node, &mut observed, &read_set)?;
    Ok((manifest, observed))
}

/// The plan of `enable`.
///
/// # Errors
/// See [`Obstacle`].
pub(super) fn plan(
    target: &Target,
    wanted: &Wanted,
    ignored: &[String],
    verbose: bool,
) -> Result<Planned, Obstacle> {
    let (node, manifest_path) = (&target.node, target.manifest.as_path());
    let is_live = target.root.is_none();
    let explain = |obstacle: Obstacle| add_lines_by_hand(obstacle, wanted);
    let (manifest, mut observed) = read_for_change(node, manifest_path).map_err(explain)?;
    let shown = manifest_path.display().to_string();
    let in_manifest = |refusals: Vec<Diagnostic>| -> Obstacle {
        let named = refusals.into_iter().map(|refusal| match refusal.location.position {
            Some(_) => refusal.in_file(shown.clone()),
            None => refusal,
        });
        explain(Obstacle::Refused(named.collect()))
    };
    let draft = draft_enable(manifest.clone(), wanted, &observed.history.owned()).map_err(in_manifest)?;
    look(node, &mut observed, &draft.read_set())?;
    observed.is_live = is_live;
    if let (true, Some(log)) = (is_live, draft.log()) {
        observed.log_bytes_available = Some(node.bytes_available(log)?);
    }
    let lines = if verbose { describe(&draft) } else { Vec::new() };
    let mut plan = draft.finish(&observed).map_err(in_manifest)?;
    plan.notes.extend(check_files(target, &plan, ignored)?);
    let mut planned = Planned::of(plan, manifest, &observed);
    planned.lines = lines;
    Ok(planned)
}

/// Adds the lines to add by hand, if kaudit only does not support the form of the manifest.
fn add_lines_by_hand(obstacle: Obstacle, wanted: &Wanted) -> Obstacle {
    match obstacle {
        Obstacle::Refused(refusals) => Obstacle::Refused(
            refusals
                .into_iter()
                .map(|refusal| {
                    if refusal.by_hand {
                        lines_by_hand(wanted).into_iter().fold(refusal, Diagnostic::help)
                    } else {
                        refusal
                    }
                })
                .collect(),
        ),
        Obstacle::Failed(error) => Obstacle::Failed(error),
    }
}

/// Every setting with its origin, aligned.
fn describe(draft: &Draft) -> Vec<String> {
    let settings: &Merged = draft.settings();
    let mut lines = vec![format!("Kubernetes {}", draft.version())];
    lines.extend(settings.entries.iter().map(|entry| {
        format!("  {:<42} {:<10} {}", format!("--{}", entry.flag), origin_name(entry.origin), entry.value)
    }));
    lines
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Requested => "requested",
        Origin::Kept => "kept",
        Origin::Default => "default",
    }
}
