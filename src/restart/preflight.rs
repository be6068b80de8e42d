//! The node's own kube-apiserver validates the planned audit configuration, before anything is changed.
//!
//! A second process of the running binary is started, without network and isolated (see [`Confinement::Container`]), with the planned
//! audit flags and the few others without which it exits before it reads them. In every release from 1.15 to 1.36 it
//! loads the audit configuration (`AuditOptions.ApplyTo`) after it has parsed and validated its flags, and before it
//! reads the admission configuration (`AdmissionOptions.ApplyTo`), without a connection to etcd
//! (`cmd/kube-apiserver/app/server.go`, `buildGenericConfig`; `pkg/controlplane/apiserver/config.go`). So the trial has
//! an admission configuration file that does not exist: an error about *that* file shows that the audit configuration
//! was accepted, and ends the trial.

use super::klog;
use crate::audit::argv::{self, Occurrence};
use crate::audit::flag::{LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::node::{Bounds, Confinement, Ended, How, Process, Program, SCRATCH};
use std::time::Duration;

/// Limits of a trial. It takes 0.2 to 0.6 s of one processor and 85 MiB of memory (1.33, 1.36), and up to 10 s where every
/// processor is busy with several other processes; the rest is for slow machines and large policies.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), memory: 512 << 20, output: 64 << 10 };

/// The file that does not exist.
const SENTINEL: &str = "reached-the-admission-configuration";

/// From this release on an etcd client may be created between the audit and the admission configuration, and waits 20 s
/// for etcd (`UnknownVersionInteroperabilityProxy`: alpha in 1.28, on by default in 1.36). A missing CA file ends that
/// immediately. Not in older releases: until 1.12 authentication, which comes first, created an etcd client too.
const EARLY_ETCD_CLIENT_SINCE: u16 = 28;

/// The trial's name in the process table, so that it is not mistaken for an API server of this node. Neither
/// kube-apiserver nor hyperkube depends on its name.
const TRIAL_NAME: &str = "kaudit-trial";

/// Flags that a trial copies from the running API server: without them it exits before the audit configuration
/// (`Validate` in `pkg/controlplane/apiserver/options` and `cmd/kube-apiserver/app/options`).
const TAKEN_OVER: [&str; 5] = [
    "advertise-address",
    "service-account-issuer",
    "service-account-key-file",
    "service-account-signing-key-file",
    "service-cluster-ip-range",
];

/// The inputs of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The running API server.
    pub process: &'a Process,
    /// Its executable, from [`crate::node::Node::executable_of`].
    pub executable: &'a str,
    /// Its minor release.
    pub minor: u16,
    /// The arguments of kube-apiserver in the planned manifest.
    pub arguments: &'a [&'a str],
    /// The planned policy; `None` where its content is not known.
    pub policy: Option<&'a [u8]>,
    /// The planned webhook kubeconfig; `None` where its content is not known, or where it refers to a file that the running
    /// API server does not see: the planned one may see it, and only the trial would fail.
    pub webhook: Option<&'a [u8]>,
    /// The files beside it that it refers to: name and content.
    pub beside: &'a [(String, Vec<u8>)],
}

/// A trial run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What to run.
    pub program: Program,
    /// Audit flags that are left out, and so not validated: `--audit-…`.
    pub left_out: Vec<&'static str>,
    /// Paths of the trial, and the planned paths that they replace.
    stand_ins: Vec<(String, String)>,
}

/// The result of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialResult {
    /// The binary accepts the audit configuration.
    Passes {
        /// Its warnings about the policy.
        warnings: Vec<String>,
    },
    /// It would not start with it.
    Rejected {
        /// Its error message, with the planned paths.
        message: String,
    },
    /// The configuration was not validated. A reason for a warning, never for a refusal.
    CannotRun {
        /// Why.
        why: String,
    },
}

/// The trial of a planned audit configuration.
///
/// # Errors
/// No trial is possible: the running process is not kube-apiserver's executable.
pub fn trial(inputs: &Inputs<'_>) -> Result<Trial, String> {
    let running: Vec<&str> = inputs.process.arguments.iter().map(String::as_str).collect();
    let mut program = program(inputs.process, inputs.executable)?;
    program.arguments.extend(taken_over(&running));
    program.arguments.extend(own_flags(&running, inputs.minor));
    let mut trial = Trial { program, left_out: Vec::new(), stand_ins: Vec::new() };
    let files = trial.add_audit_flags(inputs);
    trial.program.confinement = Confinement::Container { pid: inputs.process.pid, files };
    Ok(trial)
}

/// The program that prints the version of the running API server's binary; the image's tag may be wrong or missing.
///
/// # Errors
/// As [`trial`].
pub fn version_program(process: &Process, executable: &str) -> Result<Program, String> {
    let mut program = program(process, executable)?;
    program.arguments.push("--version".to_owned());
    Ok(program)
}

/// A second process of the running executable, without arguments.
fn program(process: &Process, executable: &str) -> Result<Program, String> {
    let base = base_name(executable);
    if !["kube-apiserver", "hyperkube"].iter().any(|name| base.starts_with(name)) {
        return Err(format!("the API server runs as {executable}, not as kube-apiserver"));
    }
    // `hyperkube kube-apiserver --…`: the argument before the flags selects the program.
    let subcommand =
        process.arguments.iter().skip(1).take_while(|argument| !argument.starts_with('-')).take(1);
    let is_selector = |argument: &&String| matches!(argument.as_str(), "apiserver" | "kube-apiserver");
    Ok(Program {
        executable: executable.to_owned(),
        name: TRIAL_NAME.to_owned(),
        arguments: subcommand.filter(is_selector).cloned().collect(),
        // One thread is as fast here, and leaves the other processors to the running API server.
        environment: vec![("GOMAXPROCS".to_owned(), "1".to_owned())],
        confinement: Confinement::Container { pid: process.pid, files: Vec::new() },
        bounds: BOUNDS,
    })
}

fn taken_over(running: &[&str]) -> Vec<String> {
    let wanted = |occurrence: &Occurrence| TAKEN_OVER.contains(&occurrence.flag.as_str());
    argv::scan(running).iter().filter(|found| wanted(found)).flat_map(|found| items(running, found)).collect()
}

fn own_flags(running: &[&str], minor: u16) -> Vec<String> {
    let sentinel = format!("{SCRATCH}/{SENTINEL}");
    let mut flags = vec![
        format!("--admission-control-config-file={sentinel}"),
        format!("--cert-dir={SCRATCH}"),
        // Required, but never connected to.
        "--etcd-servers=http://127.0.0.1:1".to_owned(),
    ];
    if minor >= EARLY_ETCD_CLIENT_SINCE {
        flags.push(format!("--etcd-cafile={sentinel}"));
    }
    if argv::lookup(running, "advertise-address").is_none() {
        // Without one it needs the address of an interface, and there is none. The family must be that of the services.
        let range = argv::lookup(running, "service-cluster-ip-range").and_then(|range| range.value);
        let is_ipv6 =
            range.is_some_and(|range| range.split(',').next().is_some_and(|first| first.contains(':')));
        // Addresses for documentation (RFC 5737, RFC 3849).
        let address = if is_ipv6 { "2001:db8::1" } else { "192.0.2.1" };
        flags.push(format!("--advertise-address={address}"));
    }
    flags
}

impl Trial {
    /// Adds the planned audit flags, with their files in the scratch directory, and returns those files.
    fn add_audit_flags(&mut self, inputs: &Inputs<'_>) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for found in argv::scan_audit(inputs.arguments) {
            let (flag, file, bytes) = match found.flag.as_str() {
                POLICY_FILE => (POLICY_FILE, "policy.yaml", inputs.policy),
                WEBHOOK_CONFIG_FILE => (WEBHOOK_CONFIG_FILE, "webhook.kubeconfig", inputs.webhook),
                LOG_PATH => (LOG_PATH, "audit.log", Some(&[][..])),
                _ => ("", "", None),
            };
            let planned = found.value.as_deref().filter(|value| !value.is_empty() && *value != "-");
            let Some(planned) = planned.filter(|_| !flag.is_empty()) else {
                self.program.arguments.extend(items(inputs.arguments, &found));
                continue;
            };
            let Some(bytes) = bytes else {
                self.left_out.push(flag);
                continue;
            };
            let path = format!("{SCRATCH}/{file}");
            self.program.arguments.push(format!("--{}={path}", found.written));
            if flag != LOG_PATH && !files.iter().any(|(name, _)| name == file) {
                files.push((file.to_owned(), bytes.to_vec()));
                if flag == WEBHOOK_CONFIG_FILE {
                    files.extend(inputs.beside.iter().cloned());
                }
            }
            // Given twice, the last one counts.
            self.stand_ins.retain(|(stand_in, _)| *stand_in != path);
            self.stand_ins.push((path, planned.to_owned()));
        }
        files
    }

    /// The result of the trial's process.
    #[must_use]
    pub fn result(&self, ended: &Ended) -> TrialResult {
        let cannot = |why: String| TrialResult::CannotRun { why };
        let error = klog::final_error(&ended.errors).unwrap_or_else(|| "it printed no error".to_owned());
        match &ended.how {
            How::NotStarted(why) => cannot(why.clone()),
            How::TimeUp => cannot(format!("it did not exit within {} s", BOUNDS.time.as_secs())),
            How::Killed(signal) => cannot(format!("it was killed by signal {signal}")),
            How::Exited(_) if error.contains(SENTINEL) => {
                TrialResult::Passes { warnings: self.warnings(&ended.errors) }
            }
            How::Exited(_) if is_about_audit(&error) => {
                TrialResult::Rejected { message: self.planned_names(&error) }
            }
            // Only the trial has this error; the running API server does not.
            How::Exited(_) => cannot(format!("it exited before it read the audit configuration: {error}")),
        }
    }

    /// The binary's warnings about the policy (`pkg/audit/policy/reader.go`, since 1.26).
    fn warnings(&self, text: &str) -> Vec<String> {
        let warnings = text.lines().filter(|line| line.starts_with('W')).map(klog::message);
        warnings
            .filter(|warning| warning.contains("udit policy"))
            .map(|line| self.planned_names(&line))
            .collect()
    }

    fn planned_names(&self, message: &str) -> String {
        self.stand_ins.iter().fold(message.to_owned(), |text, (path, planned)| text.replace(path, planned))
    }
}

/// Whether an error is of the audit options: all of them name a flag, "audit" or this function
/// (`pkg/server/options/audit.go`).
fn is_about_audit(error: &str) -> bool {
    error.contains("audit") || error.starts_with("ensureLogFile: ")
}

/// The arguments of an occurrence as they are written.
fn items(arguments: &[&str], found: &Occurrence) -> Vec<String> {
    arguments.iter().skip(found.item).take(found.items).map(|argument| (*argument).to_owned()).collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
