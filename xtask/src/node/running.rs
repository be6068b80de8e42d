//! A node from outside: starting it, running commands in it, ending it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};

use super::progress::Progress;
use super::release::Release;
use super::slot::{self, Occupant, Slot};
use super::wait::wait_for;
use super::{init, logs, packages};
use crate::shell::project::Project;

/// How long the end of a node may take. It takes a fraction of a second.
const END_LIMIT: Duration = Duration::from_secs(90);

/// This program, also when cargo has built it anew since it was started.
const MYSELF: &str = "/proc/self/exe";

/// A running node.
pub(crate) struct Node {
    /// Its name, also that of its Kubernetes node.
    pub(crate) name: String,
    /// The machine's id of its first process.
    init: u32,
    /// The process that clears up after it, where this program started it. The node ends with this handle, because
    /// the first process's standard input does.
    keeper: Option<Child>,
}

impl Node {
    /// Starts a node and waits until its API server is ready. It ends with this program, or with this value. `kaudit` is the
    /// directory whose `kaudit` commands in the node find.
    ///
    /// # Errors
    ///
    /// When the name is taken, something cannot be built, or the node does not come up; the ends of its logs were
    /// printed then.
    pub(crate) fn start(
        project: &Project,
        release: &Release,
        name: &str,
        kaudit: PathBuf,
        progress: &Progress,
    ) -> Result<Node> {
        check_name(name)?;
        packages::install_tools()?;
        let debian = packages::unpack_daemons(project)?;
        let kubernetes = release.build(project, progress)?;
        // Made by cargo later, perhaps; the node has to show it from the start.
        fs::create_dir_all(&kaudit).with_context(|| format!("creating {}", kaudit.display()))?;

        progress.say(&format!("{name}: Kubernetes {}", release.version));
        let version = release.version.clone();
        let options = init::Options { name: name.to_owned(), version, kubernetes, debian, kaudit };
        let mut keeper = Command::new(MYSELF)
            .args(["node", "keep"])
            .args(options.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the node")?;
        let told = keeper.stdout.take().context("the node's output is not a pipe")?;
        if !follow(told, progress)? {
            let status = keeper.wait().context("waiting for the node's end")?;
            bail!("the node did not come up: {status}");
        }
        let Occupant::Running(init) = slot::occupant(name)? else { bail!("the node ended at once") };
        Ok(Node { name: name.to_owned(), init, keeper: Some(keeper) })
    }

    /// The running node of that name, if there is one.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    pub(crate) fn find(name: &str) -> Result<Option<Node>> {
        check_name(name)?;
        Ok(match slot::occupant(name)? {
            Occupant::Running(init) => Some(Node { name: name.to_owned(), init, keeper: None }),
            Occupant::Nobody | Occupant::Starting => None,
        })
    }

    /// Lets it run on when this program has ended.
    ///
    /// # Errors
    ///
    /// When it has ended already.
    pub(crate) fn leave_running(mut self) -> Result<()> {
        let mut input = self.keeper.take().and_then(|mut keeper| keeper.stdin.take());
        let input = input.as_mut().context("the node was not started by this program")?;
        input.write_all(init::STAY.as_bytes()).context("telling the node to stay")
    }

    /// `program`, to be run in the node, with its PATH and an administrator's kubeconfig.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args([
                "--mount",
                "--net",
                "--pid",
                "--uts",
                "--ipc",
                "--cgroup",
                "--target",
                &self.init.to_string(),
            ])
            .arg("--")
            .arg(program)
            .env("PATH", init::PATH)
            .env("HOME", "/root")
            .env("KUBECONFIG", init::KUBECONFIG);
        command
    }

    /// The node's root directory, as this program can reach it.
    pub(crate) fn root(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root", self.init))
    }

    /// Its network, for `setns(2)`.
    pub(crate) fn network(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.init))
    }

    /// Prints the last lines of its logs.
    pub(crate) fn print_logs(&self) {
        logs::print_ends(&self.root());
    }

    /// Stops the node, and waits until everything that belongs to it is removed.
    ///
    /// # Errors
    ///
    /// When something is left after the time limit.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        // It may have ended by itself.
        let _gone = kill(Pid::from_raw(self.init.cast_signed()), Signal::SIGKILL);
        if let Some(mut keeper) = self.keeper.take() {
            keeper.wait().context("waiting for the node's end")?;
        }
        wait_for(&format!("the end of {}", self.name), END_LIMIT, || {
            Ok((slot::occupant(&self.name)? == Occupant::Nobody).then_some(()))
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.keeper.is_some()
            && let Err(error) = self.end()
        {
            eprintln!("{error:#}");
        }
    }
}

/// Keeps a node: starts its first process in namespaces of its own, waits for its end, and clears up. In a session of
/// its own, so that Ctrl-C and the end of the terminal do not reach it.
///
/// # Errors
///
/// When the name is taken, or something is left of the node.
pub(crate) fn keep(options: &init::Options) -> Result<()> {
    setsid().context("making a session")?;
    let slot = Slot::take(&options.name)?;
    // For children only: the next process is the first of the namespace. It makes the other namespaces itself.
    unshare(CloneFlags::CLONE_NEWPID).context("making a PID namespace")?;
    // How it ended says nothing: it is killed, or has told its failure already.
    Command::new(MYSELF)
        .args(["node", "init"])
        .args(options.arguments())
        .status()
        .context("starting the first process")?;
    slot.give_back()
}

/// Passes on what the node tells, and returns whether it became ready.
fn follow(told: ChildStdout, progress: &Progress) -> Result<bool> {
    for line in BufReader::new(told).lines() {
        let line = line.context("listening to the node")?;
        if line == init::READY {
            return Ok(true);
        }
        progress.say(&line);
    }
    Ok(false)
}

/// Checks that a name is a valid host name: it becomes the host name, and a part of paths.
fn check_name(name: &str) -> Result<()> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty()
        || name.len() > 40
        || !name.chars().all(is_part)
        || name.starts_with('-')
        || name.ends_with('-')
    {
        bail!("invalid node name {name:?}: use at most 40 lower-case letters, digits and inner hyphens");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_host_names_only() {
        for name in ["cp0", "e2e-1-36-2", "a"] {
            check_name(name).unwrap();
        }
        for name in ["", "-cp0", "cp0-", "CP0", "../cp0", "cp0.local", &"a".repeat(41)] {
            check_name(name).unwrap_err();
        }
    }
}
