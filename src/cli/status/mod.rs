//! `status`: what is configured, what runs, what kaudit changed, and where these differ.

mod configured;
mod generations;
mod inputs;
mod live;
mod log;
mod moved_out;
mod ready;
mod render;
mod running;
#[cfg(test)]
mod tests;
mod unfinished;

use super::end::refuse_reading;
use super::target::Target;
use crate::exit::Exit;
use crate::node::moment;
use crate::observe::Obstacle;
use crate::report::Report;
pub(super) use configured::Configured;
use moved_out::MovedOut;
use serde_json::Value;

/// The text after the options in `--help`.
pub(super) const HELP: &str = "\
Examples:
  kaudit status            configuration, running processes, and drift
  kaudit status -v         every generation with its files
  kaudit status -o json | jq .status.drift";

/// Reads the node without changing it.
pub(super) fn run(target: &Target, verbose: bool) -> (Report, Exit) {
    match look_at(target, verbose) {
        Ok(report) => (report, Exit::Done),
        Err(obstacle) => refuse_reading(obstacle),
    }
}

fn look_at(target: &Target, verbose: bool) -> Result<Report, Obstacle> {
    if let Some(moved_out) = MovedOut::of(target)? {
        let (details, lines) = moved_out.render(verbose);
        return Ok(Report { details: Some(("status", details)), lines, ..Report::default() });
    }
    let configured = Configured::read(target)?;
    let (details, lines) = match &target.kubelet {
        Some(kubelet) => {
            let running = live::look(&target.node, kubelet, &configured, moment())?;
            render::render(&configured, &running, verbose)
        }
        None => render_tree(&configured, verbose),
    };
    Ok(Report { details: Some(("status", details)), lines, ..Report::default() })
}

/// The status of a directory tree, in which nothing runs: for programs and for people.
fn render_tree(configured: &Configured, verbose: bool) -> (Value, Vec<String>) {
    let changed = configured.inputs_are_as_written() == Some(false);
    let of_inputs = changed.then(|| {
        "the policy or the webhook kubeconfig changed after the manifest was written: not in effect until kaudit enable restarts the API server".to_owned()
    });
    let drift = configured.drift(of_inputs.into_iter().collect());
    let mut lines = vec![format!("Audit logging: {}", if configured.is_enabled() { "on" } else { "off" })];
    lines.extend(configured.manifest_lines());
    lines.extend(configured.policy.as_ref().map(|path| format!("Policy:        {}", path.display())));
    lines.extend(configured.log.as_ref().map(|path| match configured.log_size {
        Some(bytes) => format!("Log:           {} ({bytes} bytes)", path.display()),
        None => format!("Log:           {} (does not exist yet)", path.display()),
    }));
    lines.extend(configured.closing_lines(&drift, verbose));
    (configured.details(&drift), lines)
}
