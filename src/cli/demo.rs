//! `demo`: the main commands on the embedded sample node, in a temporary directory.

use super::environment::Environment;
use crate::exit::Exit;
use crate::node::ScratchNode;
use crate::report::Output;
use std::ffi::OsString;
use std::io::Write;

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// The sample node, as kubeadm 1.36 creates it.
const SAMPLE: [(&str, &str); 2] = [
    (MANIFEST, include_str!("../../templates/sample-node/kube-apiserver.yaml")),
    ("/var/lib/kubelet/config.yaml", include_str!("../../templates/sample-node/kubelet-config.yaml")),
];

/// The steps, each with a heading.
const STEPS: [(&str, &[&str]); 4] = [
    (
        "Turn audit logging on: the diff, then the result.",
        &["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"],
    ),
    (
        "Run it again: nothing to change, nothing is written.",
        &["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"],
    ),
    ("Show what is configured now.", &["status"]),
    ("Turn audit logging off: the manifest is restored byte for byte.", &["disable", "--quiet"]),
];

/// Runs one command line: [`crate::cli::run`].
type RunCommand = fn(&Environment, &mut dyn Write, &mut dyn Write) -> Exit;

/// Runs all steps and verifies that the manifest is restored.
pub(super) fn run(output: &mut Output<'_>, run_command: RunCommand) -> Exit {
    match show(output, run_command) {
        Ok(exit) => exit,
        Err(error) => {
            output.error_line(&format!("cannot set up the demo: {error:#}"));
            Exit::Refused
        }
    }
}

fn show(output: &mut Output<'_>, run_command: RunCommand) -> anyhow::Result<Exit> {
    let node = ScratchNode::with_files(&SAMPLE)?;
    output.line(&format!(
        "A sample control plane node, as kubeadm 1.36 creates it, is in {}",
        node.path().display()
    ));
    for (text, command) in STEPS {
        let heading = output.out_styles.bold(&format!("# {text}"));
        output.line("");
        output.line(&heading);
        output.line(&format!("$ kaudit {} --root {}", command.join(" "), node.path().display()));
        output.flush();
        let color = if output.out_styles == crate::styles::Styles::colored() { "always" } else { "never" };
        let mut arguments: Vec<OsString> = vec!["kaudit".into()];
        arguments.extend(command.iter().map(OsString::from));
        arguments.extend([
            "--yes".into(),
            "--color".into(),
            color.into(),
            "--root".into(),
            node.path().into(),
        ]);
        if command.first() == Some(&"status") {
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
        output.line("The manifest was NOT restored: this is a bug in kaudit.");
        return Ok(Exit::ManualIntervention);
    }
    output.line("The manifest was restored byte for byte. The temporary directory is removed.");
    Ok(Exit::Done)
}
