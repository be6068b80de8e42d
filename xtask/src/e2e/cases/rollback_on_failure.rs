//! A start that fails although every check before it went well: the log directory becomes read-only when the manifest
//! is already out. The node must be as before and healthy, and the cause must be named.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::e2e::kaudit::{DRAIN, LOG, Run, kaudit_json};
use crate::e2e::obstacles::Obstacle;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;

const LOG_DIRECTORY: &str = "/var/log/kubernetes/audit";
const ENABLE: [&str; 5] = ["enable", "--policy", "default", "--log-path", LOG];
/// The API server's message.
const EVIDENCE: &str = "read-only file system";

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    // From a node that does not audit, and from one that does and has to audit again.
    fail(trial, &[&ENABLE, &DRAIN[..]].concat())?;
    kaudit_json(&trial.api_server, 0, &[&ENABLE, &DRAIN[..]].concat())?;
    trial.say("without the obstacle the same command succeeds");
    fail(trial, &[&["enable", "--policy", "metadata"], &DRAIN[..]].concat())?;
    trial.api_server.prove_audit(LOG)
}

/// Lets the change that `arguments` ask for fail, and checks what is left.
fn fail(trial: &Trial<'_>, arguments: &[&str]) -> Result<()> {
    let api_server = &trial.api_server;
    let before = Snapshot::take(api_server)?;
    let audits = before.process.audits();
    let mut run = Run::start(api_server, &[arguments, &["--timeout", "30s", "--output", "json"]].concat())?;
    ensure!(run.wait_for_phase(api_server, "out")?, "the manifest never went out: {:?}", run.wait());
    let obstacle = Obstacle::empty(api_server, LOG_DIRECTORY)?;
    if audits {
        // The way back needs the log as well.
        let is_on_the_way_back = run.wait_for_phase(api_server, "back")?;
        obstacle.remove()?;
        ensure!(is_on_the_way_back, "no rollback: {:?}", run.wait());
        let ending = run.wait()?.expect(4)?;
        check(&ending.json()?)?;
    } else {
        let ending = run.wait()?.expect(4)?;
        obstacle.remove()?;
        check(&ending.json()?)?;
    }
    before.check_restored(api_server)?;
    trial.say(&format!("{}: old settings, and healthy", arguments.join(" ")));
    Ok(())
}

/// Checks that the report has the cause and the API server's own message.
fn check(report: &Value) -> Result<()> {
    let says = |pointer: &str, value: Value| report.pointer(pointer) == Some(&value);
    ensure!(says("/code", 4.into()) && says("/failed", true.into()), "unexpected report: {report}");
    ensure!(says("/restart/rolledBack", true.into()), "no rollback: {report}");
    let message = report.get("msg").and_then(Value::as_str).unwrap_or_default();
    ensure!(message.contains("read-only"), "the message is another one: {report}");
    let evidence = report.pointer("/diagnostics/0/evidence").and_then(Value::as_array);
    let evidence =
        evidence.into_iter().flatten().filter_map(Value::as_str).any(|line| line.contains(EVIDENCE));
    ensure!(evidence, "the API server's log line is missing: {report}");
    Ok(())
}
