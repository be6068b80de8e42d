//! A node's first process: lays its root file system, starts its daemons, and then only waits. The kernel ends the
//! whole node with it.
//!
//! It ends when its standard input does, before it has read [`STAY`]: so a node never outlives the program that
//! started it, however that ends, unless that program said so. Its standard output tells that program what it does,
//! line by line, with [`READY`] as the last line.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::sethostname;

use super::configuration::{self, ADDRESS, SOCKET};
use super::daemons::Daemons;
use super::{cgroup, image, logs, root, slot};
use crate::shell::command::capture;

/// Read from standard input: live on when it ends.
pub(crate) const STAY: &str = "stay";
/// Written to standard output: the API server is ready.
pub(crate) const READY: &str = "ready";
/// Where the node's programs lie, for every process in it.
pub(crate) const PATH: &str = "/opt/kaudit:/opt/kubernetes:/opt/debian/usr/sbin:/opt/debian/usr/bin:\
                               /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The kubeconfig of an administrator, from kubeadm.
pub(crate) const KUBECONFIG: &str = "/etc/kubernetes/super-admin.conf";

/// A daemon answers within a second or two; a busy machine may take its time.
const DAEMON_LIMIT: Duration = Duration::from_mins(1);
/// The API server is ready within five seconds on two idle cores.
const API_SERVER_LIMIT: Duration = Duration::from_mins(4);

/// What the node is made of.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The node's name
    #[arg(long)]
    pub(crate) name: String,
    /// The Kubernetes release
    #[arg(long)]
    pub(crate) version: String,
    /// The directory of the Kubernetes programs and images
    #[arg(long)]
    pub(crate) kubernetes: PathBuf,
    /// The directory of the unpacked Debian packages
    #[arg(long)]
    pub(crate) debian: PathBuf,
    /// The directory that kaudit is built into
    #[arg(long)]
    pub(crate) kaudit: PathBuf,
}

impl Options {
    /// What makes them again on a command line.
    pub(crate) fn arguments(&self) -> [&OsStr; 10] {
        let Options { name, version, kubernetes, debian, kaudit } = self;
        [
            OsStr::new("--name"),
            name.as_ref(),
            OsStr::new("--version"),
            version.as_ref(),
            OsStr::new("--kubernetes"),
            kubernetes.as_ref(),
            OsStr::new("--debian"),
            debian.as_ref(),
            OsStr::new("--kaudit"),
            kaudit.as_ref(),
        ]
    }
}

/// Is the first process, until the node ends.
///
/// # Errors
///
/// When the node does not come up; the ends of its logs were printed then. Later, when all its daemons have ended.
pub(crate) fn run(options: &Options) -> Result<()> {
    if process::id() != 1 {
        bail!("this is for the first process of a PID namespace");
    }
    // Without its keeper nobody would clear up after it.
    set_pdeathsig(Signal::SIGKILL).context("binding the node to its keeper")?;
    enter(options)?;
    thread::spawn(end_with_input);
    if let Err(error) = bring_up(options) {
        logs::print_ends(Path::new("/"));
        return Err(error);
    }
    println!("{READY}");
    // Orphans become children of the first process, which has to take note of their end.
    while waitpid(None, None).is_ok() {}
    bail!("the daemons have ended")
}

fn enter(Options { name, kubernetes, debian, kaudit, .. }: &Options) -> Result<()> {
    // Still the machine's /proc, which knows this process by the machine's id.
    let pid = fs::read_link("/proc/self").context("reading the process id")?;
    slot::record(name, &pid.to_string_lossy())?;
    unshare(
        CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC,
    )
    .context("making namespaces")?;
    let groups = cgroup::enter(name)?;
    root::enter(
        name,
        &groups,
        &[(kubernetes, "opt/kubernetes"), (debian, "opt/debian"), (kaudit, "opt/kaudit")],
    )?;
    sethostname(name).context("setting the host name")
}

/// Ends the node when standard input ends, unless [`STAY`] was said.
fn end_with_input() {
    let mut said = String::new();
    let read = stdin().read_to_string(&mut said);
    if read.is_err() || said.trim() != STAY {
        #[expect(
            clippy::exit,
            reason = "the end of the first process is what ends the node, from any thread"
        )]
        process::exit(1);
    }
}

fn bring_up(Options { name, version, .. }: &Options) -> Result<()> {
    let mut daemons = Daemons::default();
    println!("{name}: network, certificates and manifest");
    for arguments in ["link set lo up", &format!("addr add {ADDRESS}/32 dev lo"), "route add default dev lo"]
    {
        // Without a default route the API server finds no address of its own.
        command("ip", arguments)?;
    }
    write("/etc/kubernetes/kubeadm.yaml", &configuration::kubeadm(name, version))?;
    for phase in ["certs all", "kubeconfig all", "control-plane apiserver"] {
        command("kubeadm", &format!("init phase {phase} --config /etc/kubernetes/kubeadm.yaml"))?;
    }

    println!("{name}: etcd and containerd");
    daemons.start("etcd", &mut etcd())?;
    write("/etc/containerd/config.toml", &configuration::containerd(image::PAUSE))?;
    daemons.start("containerd", Command::new("containerd").env("PATH", PATH))?;
    let mut ctr = inside("ctr");
    daemons.wait_for_success("containerd", DAEMON_LIMIT, ctr.args(["--address", SOCKET, "version"]))?;

    println!("{name}: images");
    let archive = Path::new("/opt/kubernetes").join(image::ARCHIVE);
    capture(
        inside("ctr").args(["--address", SOCKET, "--namespace", "k8s.io", "images", "import"]).arg(archive),
    )?;

    println!("{name}: kubelet and API server");
    write("/var/lib/kubelet/config.yaml", &configuration::kubelet())?;
    daemons.start(
        "kubelet",
        inside("kubelet").args([
            "--config",
            "/var/lib/kubelet/config.yaml",
            "--kubeconfig",
            "/etc/kubernetes/kubelet.conf",
        ]),
    )?;
    daemons.wait_for_success("the API server to be ready", API_SERVER_LIMIT, &mut readyz(inside("curl")))
}

/// etcd as a plain process. kubeadm would run it as a static pod, for which there is no image.
fn etcd() -> Command {
    let pki = "/etc/kubernetes/pki/etcd";
    let mut etcd = inside("etcd");
    etcd.args(["--data-dir", "/var/lib/etcd", "--unsafe-no-fsync", "--client-cert-auth"])
        .args(["--listen-client-urls", "https://127.0.0.1:2379"])
        .args(["--advertise-client-urls", "https://127.0.0.1:2379"])
        .args(["--listen-peer-urls", "http://127.0.0.1:2380"])
        .args(["--trusted-ca-file", &format!("{pki}/ca.crt")])
        .args(["--cert-file", &format!("{pki}/server.crt"), "--key-file", &format!("{pki}/server.key")]);
    etcd
}

/// `curl` with the arguments to get `/readyz`, which needs no credentials.
pub(crate) fn readyz(mut curl: Command) -> Command {
    curl.args(["--silent", "--fail", "--max-time", "2", "--cacert", "/etc/kubernetes/pki/ca.crt"])
        .arg(format!("https://{ADDRESS}:6443/readyz"));
    curl
}

/// Runs `program` with `arguments`, which are separated by blanks.
fn command(program: &str, arguments: &str) -> Result<()> {
    capture(inside(program).args(arguments.split(' '))).map(drop)
}

/// A program of the node.
fn inside(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", PATH);
    command
}

fn write(path: &str, text: &str) -> Result<()> {
    let directory = Path::new(path).parent().context("a file lies in a directory")?;
    fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
    fs::write(path, text).with_context(|| format!("writing {path}"))
}
