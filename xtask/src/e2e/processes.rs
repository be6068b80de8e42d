//! Processes of a node.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use crate::node::running::Node;
use crate::shell::command::capture;

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its process id in the node.
    pub(super) pid: u32,
    /// Its command line.
    pub(super) arguments: Vec<String>,
}

impl Process {
    /// Whether audit logging is configured.
    pub(super) fn audits(&self) -> bool {
        self.arguments.iter().any(|argument| argument.starts_with("--audit-"))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub(super) fn signal(&self, node: &Node, signal: Signal) -> Result<()> {
        let line = format!("kill -{} {}", signal.as_str().trim_start_matches("SIG"), self.pid);
        capture(node.command("sh").args(["-c", &line])).map(drop)
    }
}

/// The processes of the node that run `program`.
///
/// # Errors
///
/// When the node has ended.
pub(super) fn processes(node: &Node, program: &str) -> Result<Vec<Process>> {
    processes_below(&node.root().join("proc"), program)
}

/// Those of the node whose `/proc` is at `proc`.
///
/// # Errors
///
/// When the node has ended.
pub(super) fn processes_below(proc: &Path, program: &str) -> Result<Vec<Process>> {
    let mut processes = Vec::new();
    for entry in fs::read_dir(proc).with_context(|| format!("listing {}", proc.display()))? {
        let name = entry?.file_name();
        if let Ok(pid) = name.to_string_lossy().parse()
            && let Some(arguments) = command_line(&proc.join(&name))
            && arguments.first().is_some_and(|first| Path::new(first).ends_with(program))
        {
            processes.push(Process { pid, arguments });
        }
    }
    Ok(processes)
}

/// The only process of the node that runs `program`.
///
/// # Errors
///
/// When there is none, or more than one.
pub(super) fn only_process(node: &Node, program: &str) -> Result<Process> {
    let processes = processes(node, program)?;
    ensure!(processes.len() == 1, "not one {program}, but {}", processes.len());
    processes.into_iter().next().with_context(|| format!("no {program}"))
}

/// The arguments of the process in the directory `place`; none when it has ended meanwhile, or is a kernel thread.
fn command_line(place: &Path) -> Option<Vec<String>> {
    let bytes = fs::read(place.join("cmdline")).ok()?;
    let line = String::from_utf8(bytes).ok()?;
    Some(line.split_terminator('\0').map(str::to_owned).collect())
}
