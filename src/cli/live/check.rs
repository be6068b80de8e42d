//! The checks on a live node before anything is changed.

use super::subject::{manifests_of, subject};
use super::surge::{self, Surge};
use super::trial;
use crate::audit::argv::lookup;
use crate::audit::flag::LOG_PATH;
use crate::cli::options::{self, Restart};
use crate::cli::planned::Planned;
use crate::cli::target::Target;
use crate::diagnostic::Diagnostic;
use crate::kubelet::Kubelet;
use crate::manifest::{Coverage, Manifest};
use crate::node::{Answer, Live, Machine as _, Process};
use crate::observe::Obstacle;
use crate::restart::diagnosis::{diagnose, explain};
use crate::restart::{Method, Options, Revision, process_match};
use std::path::Path;
use std::time::Duration;

/// A live node on which a restart may begin.
#[derive(Debug)]
pub(in crate::cli) struct Checked {
    /// How to restart.
    pub(in crate::cli) options: Options,
    /// The second API server, of a surge.
    pub(in crate::cli) surge: Option<Surge>,
    /// How long the API server will be unavailable, as a clause.
    pub(in crate::cli) expected: String,
    /// What the operator should know.
    pub(in crate::cli) notes: Vec<Diagnostic>,
}

/// Measured on 1.36: what a restart takes in addition to the old pod's grace period.
const MOVE_SECONDS: u64 = 5;
const ONLY_HEALTHY: &str = "kaudit changes only a healthy node, so that it can tell whether its change broke anything; --allow-unhealthy overrides this";

/// Checks the node's API server, and lets its binary validate the planned configuration.
///
/// # Errors
/// A reason not to begin. Nothing was changed.
pub(in crate::cli) fn check(
    target: &Target,
    kubelet: &Kubelet,
    planned: &Planned,
    restart: Restart,
) -> Result<Checked, Obstacle> {
    let plan = &planned.plan;
    if restart.method == options::Method::None {
        return Err(Diagnostic::error("--restart=none is not possible on a live node: the kubelet restarts the API server as soon as its manifest changes")
            .help("use --dry-run to see what would change, or --root DIR to change a copy of the node's directory tree")
            .into());
    }
    let mut notes = Vec::new();
    let (before, planned) = manifests_of(planned)?;
    let revision = Revision::of(&target.node, before.clone())?;
    let mut live = Live::new(target.node.clone(), subject(kubelet, &revision.manifest));
    let process = running(&mut live, &revision, restart.allow_unhealthy)?;
    if let Some(difference) =
        process.as_ref().and_then(|process| process_match::difference(&revision.manifest, process))
    {
        notes.push(Diagnostic::warning(format!(
            "the running API server was not started from the present manifest: {difference}"
        )));
    }
    let was_healthy = health(&mut live, &revision, process.as_ref());
    if let Err(refusal) = &was_healthy {
        if !restart.allow_unhealthy {
            return Err(refusal.clone().into());
        }
        notes.push(Diagnostic::warning(format!(
            "{}; continuing because of --allow-unhealthy",
            refusal.message
        )));
    }
    check_log(target, planned)?;
    if let Some(process) = &process {
        trial::validate(&target.node, plan, planned, process, &mut notes)??;
    }
    let (method, surge) =
        choose(target, planned, &revision, process.as_ref(), was_healthy.is_ok(), restart, &mut notes)?;
    let options = Options {
        method,
        drain: restart.waiting.drain,
        timeout: restart.waiting.timeout,
        was_healthy: was_healthy.is_ok(),
    };
    let expected = expected(&options, revision.grace());
    Ok(Checked { options, surge, expected, notes })
}

/// How to restart: the requested method, or the best one that this node allows, with the reason.
fn choose(
    target: &Target,
    planned: &Manifest,
    revision: &Revision,
    process: Option<&Process>,
    is_healthy: bool,
    restart: Restart,
    notes: &mut Vec<Diagnostic>,
) -> Result<(Method, Option<Surge>), Obstacle> {
    match restart.method {
        options::Method::Move | options::Method::None => return Ok((Method::Move, None)),
        options::Method::Rewrite => return Ok((Method::Rewrite, None)),
        // With a surge nobody waits for the old API server; --drain asks for a short restart.
        options::Method::Auto if restart.waiting.drain.is_some() => {
            notes.push(Diagnostic::info(
                "restart: move, not surge: --drain limits how long the old API server drains",
            ));
            return Ok((Method::Move, None));
        }
        options::Method::Auto | options::Method::Surge => {}
    }
    if restart.waiting.drain.is_some() {
        return Err(Diagnostic::error(
            "--drain has no effect with --restart=surge: clients do not wait for the old API server",
        )
        .help("remove one of the two options")
        .into());
    }
    let prepared = match process.filter(|_| is_healthy) {
        Some(process) => surge::prepare(target, planned, revision, process),
        None => Err(Diagnostic::error("there is no healthy API server, and a second one needs it")),
    };
    match prepared {
        Ok(surge) => {
            notes.push(Diagnostic::info(format!(
                "restart: surge: a second API server serves on port {} during the restart and needs up to {} MiB of memory",
                surge.port,
                surge.memory >> 20
            )));
            Ok((Method::Surge, Some(surge)))
        }
        Err(why) if restart.method == options::Method::Auto => {
            notes.push(Diagnostic::info(format!("restart: move, not surge: {}", why.message)));
            Ok((Method::Move, None))
        }
        Err(why) => {
            let refusal =
                Diagnostic::error(format!("--restart=surge is not possible on this node: {}", why.message));
            let refusal = why.help.into_iter().fold(refusal, Diagnostic::help);
            Err(refusal.help("to restart with an outage of a few seconds: --restart=move --drain 2s").into())
        }
    }
}

/// How long the API server will be unavailable.
fn expected(options: &Options, grace: Duration) -> String {
    match (options.method, options.drain) {
        (Method::Surge, _) => {
            let seconds = 2 * grace.as_secs() + MOVE_SECONDS * 2;
            format!("a second API server serves meanwhile; the restart takes up to {seconds} s")
        }
        (Method::Rewrite, _) => "it is unavailable for up to 45 s, because the kubelet backs off".to_owned(),
        (Method::Move, Some(drain)) => {
            format!("it is unavailable for about {} s", drain.as_secs() + MOVE_SECONDS)
        }
        (Method::Move, None) => format!(
            "it is unavailable for up to {} s: open watches keep the old one running for its grace period; --drain 2s shortens that",
            grace.as_secs() + MOVE_SECONDS
        ),
    }
}

fn running(live: &mut Live, revision: &Revision, allow_unhealthy: bool) -> Result<Option<Process>, Obstacle> {
    let mut processes = live.api_servers()?;
    match (processes.pop(), processes.as_slice()) {
        (Some(process), []) => Ok(Some(process)),
        (Some(last), others) => {
            let pids: Vec<String> =
                others.iter().chain([&last]).map(|process| process.pid.to_string()).collect();
            Err(Diagnostic::error(format!(
                "several API servers of this kubelet are running: pids {}",
                pids.join(", ")
            ))
            .help("one may be terminating: try again in a minute")
            .help("or there is a second manifest: look into the manifests directory")
            .into())
        }
        (None, _) if allow_unhealthy => Ok(None),
        (None, _) => Err(explained(live, revision, None, "no API server of this node's kubelet is running")
            .help(ONLY_HEALTHY)
            .into()),
    }
}

/// Whether the API server of this node is live and ready.
fn health(live: &mut Live, revision: &Revision, process: Option<&Process>) -> Result<(), Diagnostic> {
    for ask in revision.health.iter().chain([&revision.readyz]) {
        let what = match live.ask(ask) {
            Answer::Status { code: 200 | 401 | 403, .. } => continue,
            Answer::Status { code, body } => {
                let failed: Vec<&str> = body.lines().filter(|line| line.starts_with("[-]")).collect();
                let failed =
                    if failed.is_empty() { String::new() } else { format!(": {}", failed.join(", ")) };
                format!("{} answers {code}{failed}", ask.path)
            }
            Answer::Nobody(why) => format!("{}: {why}", ask.path),
        };
        let address = ask.endpoint.address;
        let message = format!("this node's API server ({address}) is not healthy: {what}");
        return Err(explained(live, revision, process, &message).help(ONLY_HEALTHY));
    }
    Ok(())
}

/// Adds the reason that the logs of the container and the kubelet give.
fn explained(live: &mut Live, revision: &Revision, process: Option<&Process>, message: &str) -> Diagnostic {
    let last = live.last_words(&revision.pod(), process.and_then(|process| process.pod_uid.as_deref()));
    match diagnose(&last.container, &last.kubelet) {
        Some(reason) => explain(message, reason),
        None => Diagnostic::error(message),
    }
}

/// The log file must be writable at its path.
fn check_log(target: &Target, planned: &Manifest) -> Result<(), Obstacle> {
    let path = lookup(&planned.api_server().arguments(), LOG_PATH).and_then(|found| found.value);
    let coverage = path.and_then(|path| Coverage::of(&planned.mounts(), Path::new(&path)));
    let Some(host) = coverage.and_then(|coverage| coverage.host) else { return Ok(()) };
    target.node.may_write(&host).map_err(|why| {
        Diagnostic::error(format!("the audit log is not writable: {why}"))
            .help("choose another path: --log-path /var/log/kubernetes/audit/audit.log")
            .into()
    })
}
