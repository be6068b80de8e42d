//! `cargo xtask node`: a real control plane on this machine, to try kaudit on by hand and for `cargo xtask e2e`.
//!
//! A node is one tree of processes (etcd, containerd, kubelet, and the API server as a static pod whose manifest
//! kubeadm wrote) in mount, network, PID, cgroup, host name and IPC namespaces of its own, on a root file system in
//! memory. So it does not change the machine, several nodes can run side by side, and a node is removed completely as soon
//! as its first process ends: the kernel kills the others and removes the network and the files. Only empty cgroup
//! directories and a lock file can remain after a crash; the next start removes them.
//!
//! Entry point: [`running::Node::start`] starts this program anew in the namespaces, where [`init`] becomes PID 1,
//! sets up the root file system ([`root`]) and starts the daemons ([`daemons`]).

pub(crate) mod cgroup;
pub(crate) mod configuration;
mod daemons;
mod image;
pub(crate) mod init;
mod logs;
mod packages;
pub(crate) mod progress;
pub(crate) mod release;
mod root;
pub(crate) mod running;
mod slot;
pub(crate) mod wait;

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result, bail};
use nix::unistd::geteuid;

use self::progress::Progress;
use self::release::Release;
use self::running::Node;
use crate::shell::command::run as start;
use crate::shell::project::Project;

/// What to do with a node.
#[derive(clap::Subcommand)]
pub(crate) enum Action {
    /// Start a node and leave it running; needs root, takes minutes the first time
    Up {
        /// The node's name
        #[arg(long, default_value = "cp0")]
        name: String,
        /// The Kubernetes release, one of the directories under xtask/kubernetes
        #[arg(long, value_name = "VERSION", default_value = "1.36.2")]
        kubernetes: String,
    },
    /// Open a shell in a running node, with kubectl and a freshly built kaudit
    Shell {
        /// The node's name
        #[arg(long, default_value = "cp0")]
        name: String,
    },
    /// Build the programs of every Kubernetes release into the cache
    Build,
    /// Stop a node and remove everything that belongs to it
    Down {
        /// The node's name
        #[arg(long, default_value = "cp0")]
        name: String,
    },
    /// Start a node's first process and clear up after it
    #[command(hide = true)]
    Keep(init::Options),
    /// Be a node's first process
    #[command(hide = true)]
    Init(init::Options),
}

/// Runs the command.
///
/// # Errors
///
/// When this is not run as root, a node does not start, or no node has that name.
pub(crate) fn run(project: &Project, action: &Action) -> Result<()> {
    if !matches!(action, Action::Build) {
        require_root()?;
    }
    match action {
        Action::Up { name, kubernetes } => {
            let release = Release::find(project, kubernetes)?;
            let progress = Progress::begin();
            Node::start(project, &release, name, project.target.join("debug"), &progress)?.leave_running()?;
            progress.say(&format!("enter it with `cargo xtask node shell --name {name}`"));
            Ok(())
        }
        Action::Build => build(project),
        Action::Shell { name } => open_shell(project, name),
        Action::Down { name } => {
            Node::find(name)?.with_context(|| format!("no node {name} is running"))?.stop()
        }
        Action::Keep(options) => running::keep(options),
        Action::Init(options) => init::run(options),
    }
}

/// Refuses a user who may not make namespaces and mounts.
///
/// # Errors
///
/// When this is not root.
pub(crate) fn require_root() -> Result<()> {
    if !geteuid().is_root() {
        bail!("a node needs root, for its namespaces and mounts: sudo -E cargo xtask …");
    }
    Ok(())
}

fn build(project: &Project) -> Result<()> {
    let progress = Progress::begin();
    for release in Release::all(project)? {
        release.build(project, &progress)?;
        progress.say(&format!("Kubernetes {} is built", release.version));
    }
    Ok(())
}

/// Becomes a shell in the node.
fn open_shell(project: &Project, name: &str) -> Result<()> {
    let node =
        Node::find(name)?.with_context(|| format!("no node {name} is running; start it with `node up`"))?;
    start(project.cargo().args(["build", "--locked", "--package", "kaudit"]))?;
    let mut shell = node.command("bash");
    shell.args(["--noprofile", "--norc", "-i"]).env("PS1", format!(r"{name}:\w# "));
    Err(shell.exec()).context("starting a shell")
}
