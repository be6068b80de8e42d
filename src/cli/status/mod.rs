//! `status`: what is configured, what kaudit did here, and what drifted.

use super::{Exit, Target, refuse};
use crate::manifest::{Coverage, Manifest};
use crate::node::EntryKind;
use crate::observe::{Obstacle, look, observe};
use crate::plan::{
    DIGEST_ANNOTATION, Observed, Survey, audit_flags_there, check_surroundings, config_digest,
};
use crate::report::Report;
use crate::transaction::JOURNAL_PATH;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Looks, and changes nothing.
pub(super) fn run(target: &Target, verbose: bool) -> (Report, Exit) {
    match look_at(target, verbose) {
        Ok(report) => (report, Exit::Done),
        Err(obstacle) => {
            let (mut report, exit) = refuse(obstacle);
            report.message = String::new();
            (report, exit)
        }
    }
}

fn look_at(target: &Target, verbose: bool) -> Result<Report, Obstacle> {
    let mut observed = observe(&target.node, &target.manifest)?;
    let manifest = Manifest::read(&observed.manifest.bytes)
        .map_err(|refusal| refusal.in_file(target.manifest.display().to_string()))?;
    let flags: BTreeMap<String, String> = audit_flags_there(manifest.api_server())
        .into_iter()
        .map(|occurrence| (occurrence.flag, occurrence.value.unwrap_or_default()))
        .collect();
    let host = |flag: &str| -> Option<PathBuf> {
        let path = flags.get(flag).filter(|path| path.starts_with('/'))?;
        Coverage::of(&manifest.mounts(), Path::new(path))?.host
    };
    let policy = host("audit-policy-file");
    let webhook = host("audit-webhook-config-file");
    let log = host("audit-log-path");
    let mut survey = Survey::default();
    survey.files.extend([&policy, &webhook].into_iter().flatten().cloned());
    look(&target.node, &mut observed, &survey)?;

    let mut drift = Vec::new();
    if let Err(refusals) = check_surroundings(&manifest, &observed) {
        drift.extend(refusals.into_iter().map(|refusal| refusal.reason));
    }
    drift.extend(drift_of(&manifest, &observed, policy.as_deref(), webhook.as_deref()));
    if target.node.kind(Path::new(JOURNAL_PATH))? != EntryKind::Absent {
        drift.push("an earlier run of kaudit did not finish; the next one finishes or undoes it".to_owned());
    }
    let enabled = flags.contains_key("audit-policy-file")
        && (flags.contains_key("audit-log-path") || flags.contains_key("audit-webhook-config-file"));
    let log_size = match &log {
        Some(path) => target.node.file_size(path)?,
        None => None,
    };
    let details = json!({
        "enabled": enabled,
        "manifest": target.manifest,
        "image": manifest.api_server().image,
        "flags": flags,
        "policyFile": policy,
        "logFile": log,
        "logBytes": log_size,
        "drift": drift,
        "generations": generations(&observed),
    });
    let mut lines = vec![
        format!("Audit logging: {}", if enabled { "on" } else { "off" }),
        format!("Manifest:      {}", target.manifest.display()),
        format!("Image:         {}", manifest.api_server().image),
    ];
    lines.extend(policy.map(|path| format!("Policy:        {}", path.display())));
    lines.extend(log.map(|path| match log_size {
        Some(bytes) => format!("Log:           {} ({bytes} bytes)", path.display()),
        None => format!("Log:           {} (not there yet)", path.display()),
    }));
    lines.extend(flags.iter().map(|(flag, value)| format!("  --{flag}={value}")));
    lines.push(if drift.is_empty() {
        "Drift:         none".to_owned()
    } else {
        format!("Drift:         {}", drift.join("\n               "))
    });
    let records = observed.history.records();
    lines.push(format!(
        "Generations:   {}",
        if records.is_empty() { "none".to_owned() } else { records.len().to_string() }
    ));
    for record in records {
        lines.push(format!("  {:>3}  {}  {}", record.number, record.time, record.command));
        if verbose {
            lines.extend(record.files.iter().map(|file| format!("         {}", file.path.display())));
        }
    }
    Ok(Report { details: Some(("status", details)), lines, ..Report::default() })
}

/// How the files differ from what the manifest was written for, in plain words.
fn drift_of(
    manifest: &Manifest,
    observed: &Observed,
    policy: Option<&Path>,
    webhook: Option<&Path>,
) -> Vec<String> {
    let mut drift = Vec::new();
    let bytes =
        |path: Option<&Path>| path.and_then(|path| observed.file(path)).map(|file| file.bytes.as_slice());
    for path in [policy, webhook].into_iter().flatten().filter(|path| observed.file(path).is_none()) {
        drift.push(format!("{} is not there: the API server would not start again", path.display()));
    }
    let digest = config_digest(bytes(policy), bytes(webhook));
    if manifest.annotation(DIGEST_ANNOTATION).is_some_and(|written| written != digest) {
        drift.push("policy or webhook kubeconfig changed since the manifest was written: not in force until a restart; kaudit enable takes them".to_owned());
    }
    if observed.history.was_edited(&observed.manifest_path, Some(&observed.manifest)) {
        drift.push(format!(
            "the manifest was edited by somebody else since generation {}",
            observed.history.newest()
        ));
    }
    drift
}

fn generations(observed: &Observed) -> Vec<Value> {
    observed
        .history
        .records()
        .iter()
        .map(|record| {
            let files: Vec<&Path> = record.files.iter().map(|file| file.path.as_path()).collect();
            json!({"generation": record.number, "time": record.time, "command": record.command, "files": files})
        })
        .collect()
}
