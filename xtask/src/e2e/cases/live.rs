//! All changes of a node in sequence: enable, repeat, change, restart, roll back, edit manually, disable. Watches are open,
//! each step must log an event, and the environment of the process must have the entries for a log agent.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::e2e::files::MANIFEST;
use crate::e2e::kaudit::{DRAIN, LOG, kaudit_json};
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::e2e::watches::Watches;

const POLICY: &str = "/etc/kubernetes/audit/policy.yaml";

/// The entries that kaudit adds to the container's environment for a log agent.
const FOR_AGENT: [&str; 4] =
    ["--container-env", "audit_log_agent=on the=node", "--logtail-cluster-id", "c12ba20"];

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let watches = Watches::open(api_server)?;
    let life = Life { trial, watches: &watches };
    let pristine = Snapshot::take(api_server)?;

    // The only step with the pod's own grace period: that is what an operator gets who says nothing.
    let enable = ["enable", "--yes", "--restart", "move", "--policy", "default", "--log-path", LOG];
    let inherited = api_server.environment()?;
    let enabled = life.step(&[&enable[..], &FOR_AGENT].concat(), &pristine, true)?;
    ensure!(enabled.has("--audit-policy-file=") && enabled.has("--audit-log-maxage=30"), "{enabled}");

    let report = kaudit_json(api_server, 0, &["enable", "--yes", "--policy", "default", "--log-path", LOG])?;
    ensure!(
        report.get("changed") == Some(&Value::Bool(false)),
        "a second enable says that it changed something: {report}"
    );
    let again = Snapshot::take(api_server)?;
    let written = again.written_since(&enabled.snapshot);
    ensure!(written.is_empty(), "a second enable has written {written:?}");
    ensure!(again.process == enabled.snapshot.process, "a second enable has restarted the API server");
    trial.say("a second enable writes nothing and restarts nothing");
    check_environment(trial, &inherited)?;

    let metadata = life.step(&["enable", "--policy", "metadata"], &enabled.snapshot, true)?;
    ensure!(
        metadata.snapshot.hash()? != enabled.snapshot.hash()?,
        "the annotation does not tell the new policy from the old one"
    );
    let longer = life.step(&["enable", "--log-maxage", "60"], &metadata.snapshot, true)?;
    ensure!(longer.has("--audit-log-maxage=60"), "{longer}");

    let back = life.step(&["rollback"], &longer.snapshot, true)?;
    ensure!(back.has("--audit-log-maxage=30"), "rollback has not put the old option back: {back}");
    let restarted = life.step(&["restart"], &back.snapshot, true)?;
    ensure!(
        restarted.snapshot.process.arguments == back.snapshot.process.arguments,
        "a restart has changed arguments: {restarted}"
    );

    edit_policy(trial)?;
    let before = restarted.snapshot.hash()?;
    let edited = life.step(&["restart"], &restarted.snapshot, true)?;
    ensure!(edited.snapshot.hash()? != before, "restart has not taken the edited policy");
    let drift = drift(trial)?;
    ensure!(drift.is_empty(), "after the restart status still says {drift:?}");
    trial.say("the policy edited by hand runs");

    let disabled = life.step(&["disable"], &edited.snapshot, false)?;
    ensure!(
        disabled.snapshot.manifest == pristine.manifest,
        "disable has left another manifest than kubeadm's"
    );
    ensure!(
        disabled.snapshot.process.arguments == pristine.process.arguments,
        "after disable the API server runs with other arguments: {disabled}"
    );
    let after = api_server.environment()?;
    ensure!(after == inherited, "after disable the environment is {after:?}, and was {inherited:?}");
    ensure!(api_server.path(LOG).is_file(), "disable has removed the log");
    trial.say(&format!("{MANIFEST} has kubeadm's bytes"));
    Ok(())
}

/// A node that is changed several times.
struct Life<'a> {
    trial: &'a Trial<'a>,
    watches: &'a Watches,
}

/// The state of the node after a change.
struct Stage {
    snapshot: Snapshot,
}

impl Life<'_> {
    /// Runs kaudit, and checks that the API server was restarted once and audits only if it should. Adds
    /// `--yes` and a short drain to `arguments` without `--yes`.
    fn step(&self, arguments: &[&str], before: &Snapshot, audits: bool) -> Result<Stage> {
        let Life { trial, watches } = self;
        let api_server = &trial.api_server;
        watches.wait_until_open()?;
        let short = if arguments.contains(&"--yes") { &DRAIN[..0] } else { &DRAIN[..] };
        let report = kaudit_json(api_server, 0, &[arguments, short].concat())?;
        let snapshot = Snapshot::take(api_server)?;
        check(&report, &snapshot).with_context(|| format!("in {report}"))?;
        ensure!(snapshot.process.pid != before.process.pid, "{arguments:?} has not restarted the API server");
        ensure!(snapshot.process.audits() == audits, "after {arguments:?}: {:?}", snapshot.process);
        if audits {
            api_server.prove_audit(LOG)?;
        }
        let away = report.pointer("/restart/unavailableMs").and_then(Value::as_u64).unwrap_or_default();
        trial.say(&format!("kaudit {}: away for {away} ms, ready", arguments.join(" ")));
        Ok(Stage { snapshot })
    }
}

impl Stage {
    fn has(&self, prefix: &str) -> bool {
        self.snapshot.process.arguments.iter().any(|argument| argument.starts_with(prefix))
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the API server runs as {:?}", self.snapshot.process)
    }
}

/// Checks the report of a run.
fn check(report: &Value, now: &Snapshot) -> Result<()> {
    let says = |pointer: &str, value: Value| report.pointer(pointer) == Some(&value);
    ensure!(says("/changed", true.into()), "not `changed`");
    ensure!(says("/failed", false.into()), "`failed`");
    ensure!(
        says("/restart/method", "move".into()) && says("/restart/performed", true.into()),
        "another restart"
    );
    let away = report.pointer("/restart/unavailableMs").and_then(Value::as_u64);
    ensure!(away.is_some_and(|away| away > 0), "no `unavailableMs`");
    ensure!(says("/verified/onDisk", true.into()) && says("/verified/healthy", true.into()), "not verified");
    ensure!(says("/verified/process", now.process.pid.into()), "another process than {}", now.process.pid);
    let is_proven = report.pointer("/verified/auditEvent").is_some_and(Value::is_string);
    ensure!(is_proven == now.process.audits(), "an event where none can be, or none");
    Ok(())
}

/// Checks that the running process has what it had `before`, and the entries for the log agent.
fn check_environment(trial: &Trial<'_>, before: &BTreeSet<String>) -> Result<()> {
    let logtail = "aliyun_logs_audit-c12ba20";
    let mut wanted = before.clone();
    wanted.extend([
        "audit_log_agent=on the=node".to_owned(),
        format!("{logtail}={LOG}"),
        format!("{logtail}_tags=audit=apiserver"),
        format!("{logtail}_product=k8s-audit"),
        format!("{logtail}_jsonfile=true"),
    ]);
    let environment = trial.api_server.environment()?;
    ensure!(environment == wanted, "the environment is {environment:?} instead of {wanted:?}");
    trial.say("the process has the log agent's entries in its environment");
    Ok(())
}

/// Edits the policy as an operator would, and checks that `status` notices.
fn edit_policy(trial: &Trial<'_>) -> Result<()> {
    let before = drift(trial)?;
    ensure!(before.is_empty(), "status sees drift where there is none: {before:?}");
    let path = trial.api_server.path(POLICY);
    let policy = fs::read_to_string(&path).context("reading the policy")?;
    fs::write(&path, format!("# Reviewed.\n{policy}")).context("editing the policy")?;
    let after = drift(trial)?;
    ensure!(after.iter().any(|line| line.contains("policy")), "status sees no edited policy: {after:?}");
    trial.say(&format!("status after an edit by hand: {}", after.join("; ")));
    Ok(())
}

/// The problems that `status` reports.
fn drift(trial: &Trial<'_>) -> Result<Vec<String>> {
    let report = kaudit_json(&trial.api_server, 0, &["status"])?;
    let drift = report.pointer("/status/drift").and_then(Value::as_array).context("status has no `drift`")?;
    Ok(drift.iter().map(|line| line.as_str().map_or_else(|| line.to_string(), str::to_owned)).collect())
}
