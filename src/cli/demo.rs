//! `demo`: the main job on the embedded sample node, in a temporary directory, by the very commands that people
//! type.

use super::environment::Environment;
use crate::exit::Exit;
use crate::node::ScratchNode;
use crate::report::Output;
use std::ffi::OsString;
use std::io::Write;

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// The sample node: what kubeadm 1.36 writes.
const SAMPLE: [(&str, &str); 2] = [
    (MANIFEST, include_str!("../../templates/sample-node/kube-apiserver.yaml")),
    ("/var/lib/kubelet/config.yaml", include_str!("../../templates/sample-node/kubelet-config.yaml")),
];

/// The steps, each with what to look at.
const STEPS: [(&str, &[&str]); 4] = [
    (
        "Turn audit logging on: the diff, then the result.",
        &["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"],
    ),
    (
        "The same once more: nothing to change, nothing is written.",
        &["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"],
    ),
    ("What is configured now.", &["status"]),
    ("And off again: the manifest is byte for byte what it was.", &["disable", "--quiet"]),
];

/// Runs one command line: [`crate::cli::run`].
type RunCommand = fn(&Environment, &mut dyn Write, &mut dyn Write) -> Exit;

/// Runs all steps and checks the last claim.
pub(super) fn run(output: &mut Output<'_>, run_command: RunCommand) -> Exit {
    match show(output, run_command) {
        Ok(exit) => exit,
        Err(error) => {
            output.error_line(&format!("the demo could not be set up: {error:#}"));
            Exit::Refused
        }
    }
}

fn show(output: &mut Output<'_>, run_command: RunCommand) -> anyhow::Result<Exit> {
    let node = ScratchNode::with_files(&SAMPLE)?;
    output.line(&format!(
        "A sample control-plane node, as kubeadm 1.36 leaves it, is in {}",
        node.path().display()
    ));
    for (text, words) in STEPS {
        let heading = output.out_styles.bold(&format!("# {text}"));
        output.line("");
        output.line(&heading);
        output.line(&format!("$ kaudit {} --root {}", words.join(" "), node.path().display()));
        output.flush();
        let color = if output.out_styles == crate::styles::Styles::colored() { "always" } else { "never" };
        let mut arguments: Vec<OsString> = vec!["kaudit".into()];
        arguments.extend(words.iter().map(OsString::from));
        arguments.extend([
            "--yes".into(),
            "--color".into(),
            color.into(),
            "--root".into(),
            node.path().into(),
        ]);
        if words.first() == Some(&"status") {
            arguments.retain(|argument| argument != "--yes");
        }
        let environment = Environment { arguments, ..Environment::default() };
        let exit = run_command(&environment, output.out, output.err);
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let identical = node.read(MANIFEST)? == SAMPLE.map(|(_, text)| text.as_bytes().to_vec()).first().cloned();
    output.line("");
    if !identical {
        output.line("The manifest is NOT what it was: this is a bug.");
        return Ok(Exit::ManualIntervention);
    }
    output.line("The manifest is byte for byte what it was. The directory is removed again.");
    Ok(Exit::Done)
}
