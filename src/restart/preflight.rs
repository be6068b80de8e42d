//! The node's own kube-apiserver judges the planned audit configuration, before anything is touched.
//!
//! The binary that runs is started once more, where it has no network and can disturb nobody (see
//! [`Room::Beside`]), with the planned audit flags and the few others without which it ends before it looks at them.
//! In every release from 1.15 to 1.36 it loads the audit configuration (`AuditOptions.ApplyTo`) after it has parsed
//! and validated its flags, and before it reads the admission configuration (`AdmissionOptions.ApplyTo`), all without
//! a word to etcd (`cmd/kube-apiserver/app/server.go`, `buildGenericConfig`; `pkg/controlplane/apiserver/config.go`).
//! So the trial names an admission configuration that is not there: to fail for *that* file proves that the audit
//! configuration was accepted, and ends the trial at once.

use super::klog;
use crate::audit::argv::{self, Occurrence};
use crate::audit::flag::{LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::node::{Bounds, Ended, How, Process, Program, Room, SCRATCH};
use std::time::Duration;

/// How far a trial may go. It takes 0.2 to 0.6 s of one processor and 85 MiB of memory (1.33, 1.36), and up to 10 s
/// where every processor has several others to serve; the rest is for slow machines and large policies.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), memory: 512 << 20, output: 64 << 10 };

/// The file that is not there.
const SENTINEL: &str = "reached-the-admission-configuration";

/// From this release on an etcd client may be made between the audit and the admission configuration, and waits 20 s
/// for etcd (`UnknownVersionInteroperabilityProxy`: alpha in 1.28, on by default in 1.36). A missing CA file ends that at
/// once. Not before: until 1.12 authentication, which comes first, made an etcd client too.
const EARLY_ETCD_CLIENT_SINCE: u16 = 28;

/// What the trial is called in the process table, so that nobody takes it for an API server of this node. Neither
/// kube-apiserver nor hyperkube goes by its own name.
const TRIAL_NAME: &str = "kaudit-trial";

/// Flags that a trial takes over from the running API server: without them it ends before the audit configuration
/// (`Validate` in `pkg/controlplane/apiserver/options` and `cmd/kube-apiserver/app/options`).
const TAKEN_OVER: [&str; 5] = [
    "advertise-address",
    "service-account-issuer",
    "service-account-key-file",
    "service-account-signing-key-file",
    "service-cluster-ip-range",
];

/// What a trial is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The running API server.
    pub process: &'a Process,
    /// Its executable, as [`crate::node::Node::executable_of`] tells.
    pub executable: &'a str,
    /// The minor release that it is.
    pub minor: u16,
    /// The words that the planned manifest starts kube-apiserver with.
    pub words: &'a [&'a str],
    /// The planned policy; `None` where its content is not known.
    pub policy: Option<&'a [u8]>,
    /// The planned webhook kubeconfig; `None` where its content is not known, or where it names a file that the running
    /// API server does not see: the planned one may see it, and only the trial would fail.
    pub webhook: Option<&'a [u8]>,
    /// The files that lie beside it and that it names: name and content.
    pub beside: &'a [(String, Vec<u8>)],
}

/// A trial run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What to run.
    pub program: Program,
    /// Audit flags that are left out, and so not judged: `--audit-…`.
    pub left_out: Vec<&'static str>,
    /// Paths of the trial, and the planned paths that they stand for.
    stand_ins: Vec<(String, String)>,
}

/// What the binary says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialResult {
    /// It takes the audit configuration, with what it warned of.
    Passes {
        /// Its own warnings about the policy.
        warnings: Vec<String>,
    },
    /// It would not start with it.
    Objects {
        /// Its own words, with the planned paths.
        message: String,
    },
    /// It was not judged. A reason for a warning, never for a refusal.
    CannotRun {
        /// Why, in plain words.
        why: String,
    },
}

/// The trial of a planned audit configuration.
///
/// # Errors
/// Why there can be none: the running process is not kube-apiserver's own executable.
pub fn trial(inputs: &Inputs<'_>) -> Result<Trial, String> {
    let running: Vec<&str> = inputs.process.arguments.iter().map(String::as_str).collect();
    let mut program = program(inputs.process, inputs.executable)?;
    program.arguments.extend(taken_over(&running));
    program.arguments.extend(own_flags(&running, inputs.minor));
    let mut trial = Trial { program, left_out: Vec::new(), stand_ins: Vec::new() };
    let files = trial.add_audit_flags(inputs);
    trial.program.room = Room::Beside { pid: inputs.process.pid, files };
    Ok(trial)
}

/// Lets the binary of the running API server print its version: an image's tag may say another one, or none.
///
/// # Errors
/// As [`trial`].
pub fn version_program(process: &Process, executable: &str) -> Result<Program, String> {
    let mut program = program(process, executable)?;
    program.arguments.push("--version".to_owned());
    Ok(program)
}

/// The running executable once more, without an argument of its own, beside the process.
fn program(process: &Process, executable: &str) -> Result<Program, String> {
    let base = base_name(executable);
    if !["kube-apiserver", "hyperkube"].iter().any(|name| base.starts_with(name)) {
        return Err(format!("the API server runs as {executable}, not as kube-apiserver"));
    }
    // `hyperkube kube-apiserver --…`: what comes before the flags says which program it is to be.
    let subcommand = process.arguments.iter().skip(1).take_while(|word| !word.starts_with('-')).take(1);
    let is_selector = |word: &&String| matches!(word.as_str(), "apiserver" | "kube-apiserver");
    Ok(Program {
        executable: executable.to_owned(),
        name: TRIAL_NAME.to_owned(),
        arguments: subcommand.filter(is_selector).cloned().collect(),
        // One thread is as fast here, and leaves the other processors to the API server that serves.
        environment: vec![("GOMAXPROCS".to_owned(), "1".to_owned())],
        room: Room::Beside { pid: process.pid, files: Vec::new() },
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
        // Required, and never dialled.
        "--etcd-servers=http://127.0.0.1:1".to_owned(),
    ];
    if minor >= EARLY_ETCD_CLIENT_SINCE {
        flags.push(format!("--etcd-cafile={sentinel}"));
    }
    if argv::lookup(running, "advertise-address").is_none() {
        // Without one it looks for the address of an interface, and there is none. It has to be of the services' family.
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
        for found in argv::scan_audit(inputs.words) {
            let (flag, file, bytes) = match found.flag.as_str() {
                POLICY_FILE => (POLICY_FILE, "policy.yaml", inputs.policy),
                WEBHOOK_CONFIG_FILE => (WEBHOOK_CONFIG_FILE, "webhook.kubeconfig", inputs.webhook),
                LOG_PATH => (LOG_PATH, "audit.log", Some(&[][..])),
                _ => ("", "", None),
            };
            let planned = found.value.as_deref().filter(|value| !value.is_empty() && *value != "-");
            let Some(planned) = planned.filter(|_| !flag.is_empty()) else {
                self.program.arguments.extend(items(inputs.words, &found));
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

    /// What came of the trial.
    #[must_use]
    pub fn result(&self, ended: &Ended) -> TrialResult {
        let cannot = |why: String| TrialResult::CannotRun { why };
        let words = klog::final_error(&ended.errors).unwrap_or_else(|| "it said nothing".to_owned());
        match &ended.how {
            How::NotStarted(why) => cannot(why.clone()),
            How::TimeUp => cannot(format!("it gave no answer within {} s", BOUNDS.time.as_secs())),
            How::Killed(signal) => cannot(format!("it was killed by signal {signal}")),
            How::Exited(_) if words.contains(SENTINEL) => {
                TrialResult::Passes { warnings: self.warnings(&ended.errors) }
            }
            How::Exited(_) if is_about_audit(&words) => {
                TrialResult::Objects { message: self.planned_names(&words) }
            }
            // Something that only the trial lacks; the running API server has it.
            How::Exited(_) => cannot(format!("it ended before it came to the audit configuration: {words}")),
        }
    }

    /// What the binary warned of while it read the policy (`pkg/audit/policy/reader.go`, since 1.26).
    fn warnings(&self, text: &str) -> Vec<String> {
        let warnings = text.lines().filter(|line| line.starts_with('W')).map(klog::message);
        warnings
            .filter(|warning| warning.contains("udit policy"))
            .map(|line| self.planned_names(&line))
            .collect()
    }

    fn planned_names(&self, words: &str) -> String {
        self.stand_ins.iter().fold(words.to_owned(), |text, (path, planned)| text.replace(path, planned))
    }
}

/// Whether an error is of the audit options: all of them name a flag, "audit" or this function
/// (`pkg/server/options/audit.go`).
fn is_about_audit(words: &str) -> bool {
    words.contains("audit") || words.starts_with("ensureLogFile: ")
}

/// The items of an occurrence as they are written.
fn items(words: &[&str], found: &Occurrence) -> Vec<String> {
    words.iter().skip(found.item).take(found.items).map(|word| (*word).to_owned()).collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
