//! Reading `/proc`. A process may end at any moment: one that ends while it is read is treated as absent.

use super::super::files::read::if_exists;
use super::super::{EntryKind, Node};
use super::{Component, Process, parse};
use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use rustix::io::Errno;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The processes of the node. A directory tree (`--root`) has no `/proc`, and so no processes.
#[derive(Debug, Clone)]
pub struct Processes {
    proc: PathBuf,
    root: PathBuf,
}

/// A process with the data to distinguish a program from its children.
struct Candidate {
    process: Process,
    parent: i32,
}

impl Node {
    /// The process table.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes { proc: self.root.join("proc"), root: self.root.clone() }
    }

    /// Whether the kubelet with the directory `kubelet_root` still has a directory of the pod `uid`.
    pub(in crate::node) fn has_pod_directory(&self, kubelet_root: &Path, uid: &str) -> Result<bool> {
        Ok(self.target_kind(&kubelet_root.join("pods").join(uid))? == EntryKind::Directory)
    }
}

impl Processes {
    /// The kubelets of this node, oldest first. A machine with kind nodes also shows their kubelets, which have a
    /// different root directory.
    ///
    /// # Errors
    /// The process table cannot be read by this user.
    pub fn kubelets(&self) -> Result<Vec<Process>> {
        let mut found = Vec::new();
        for process in self.running(Component::Kubelet)? {
            // `kubelet --version` does not run pods.
            let asks = |word: &String| matches!(word.as_str(), "--version" | "--help" | "-h");
            if !process.arguments.iter().any(asks) && self.shares_root(&process)? {
                found.push(process);
            }
        }
        Ok(found)
    }

    /// The kube-apiserver processes in pods of the kubelet with the directory `kubelet_root`, oldest first.
    ///
    /// # Errors
    /// The process table cannot be read by this user.
    pub fn api_servers(&self, kubelet_root: &Path) -> Result<Vec<Process>> {
        let node = Node::at(&self.root);
        let mut found = Vec::new();
        for process in self.running(Component::ApiServer)? {
            let Some(uid) = &process.pod_uid else { continue };
            if node.has_pod_directory(kubelet_root, uid)? {
                found.push(process);
            }
        }
        Ok(found)
    }

    /// Whether `process` still runs, and not another process with its id.
    ///
    /// # Errors
    /// The process table cannot be read.
    pub fn is_running(&self, process: &Process) -> Result<bool> {
        let stat = self.text(process.pid, "stat")?.and_then(|text| parse::stat(&text));
        Ok(stat.is_some_and(|stat| stat.start == process.start && !stat.has_ended()))
    }

    /// When `process` started, by the current wall clock, to the second.
    ///
    /// # Errors
    /// `/proc/stat` cannot be read, or has no boot time.
    pub fn started_at(&self, process: &Process) -> Result<Timestamp> {
        let path = self.proc.join("stat");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let boot = parse::boot_time(&text).context("/proc/stat has no btime")?;
        let since_boot = process.start / rustix::param::clock_ticks_per_second().max(1);
        let boot = Timestamp::from_second(boot).context("reading btime of /proc/stat")?;
        let since_boot = SignedDuration::from_secs(i64::try_from(since_boot).unwrap_or(i64::MAX));
        boot.checked_add(since_boot).context("computing the start time of a process")
    }

    /// The executable of `process`, as the process sees it; `None` if it has ended. The kernel appends ` (deleted)` if
    /// the file was replaced since.
    ///
    /// # Errors
    /// This user may not read it.
    pub fn executable(&self, process: &Process) -> Result<Option<PathBuf>> {
        self.link(process.pid, "exe")
    }

    /// The working directory of `process`; `None` if it has ended.
    ///
    /// # Errors
    /// This user may not read it.
    pub fn working_directory(&self, process: &Process) -> Result<Option<PathBuf>> {
        self.link(process.pid, "cwd")
    }

    /// The host name.
    ///
    /// # Errors
    /// The host name cannot be read.
    pub fn host_name(&self) -> Result<String> {
        let path = self.proc.join("sys/kernel/hostname");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Every process that runs `program`, oldest first, without its forked children that have not called execve(2)
    /// yet: until then a child has the command line of its parent.
    pub(in crate::node) fn running(&self, program: Component) -> Result<Vec<Process>> {
        let mut candidates = Vec::new();
        for pid in self.pids()? {
            candidates.extend(self.candidate(pid, program)?);
        }
        let is_child =
            |candidate: &Candidate| candidates.iter().any(|other| other.process.pid == candidate.parent);
        let mut found: Vec<Process> = candidates
            .iter()
            .filter(|candidate| !is_child(candidate))
            .map(|candidate| candidate.process.clone())
            .collect();
        found.sort_by_key(|process| (process.start, process.pid));
        Ok(found)
    }

    pub(in crate::node) fn pids(&self) -> Result<Vec<i32>> {
        let listing = || format!("listing {}", self.proc.display());
        let entries = if_exists(fs::read_dir(&self.proc)).with_context(listing)?;
        let mut pids = Vec::new();
        for entry in entries.into_iter().flatten() {
            let name = entry.with_context(listing)?.file_name();
            pids.extend(name.to_str().and_then(|name| name.parse::<i32>().ok()));
        }
        Ok(pids)
    }

    /// The process `pid` if it runs `program`. Its start is read before and after everything else, because the id may
    /// be reused meanwhile.
    fn candidate(&self, pid: i32, program: Component) -> Result<Option<Candidate>> {
        let Some(cmdline) = self.bytes(pid, "cmdline")? else { return Ok(None) };
        if program.own_words(&parse::arguments(&cmdline)).is_none() {
            return Ok(None);
        }
        let stat = || -> Result<Option<parse::Stat>> {
            Ok(self.text(pid, "stat")?.and_then(|text| parse::stat(&text)))
        };
        let (Some(before), Some(cmdline)) = (stat()?, self.bytes(pid, "cmdline")?) else { return Ok(None) };
        let arguments = parse::arguments(&cmdline);
        let pod_uid = self.pod_uid(pid)?;
        let is_same = stat()?.is_some_and(|after| after.start == before.start && !after.has_ended());
        if !is_same || program.own_words(&arguments).is_none() {
            return Ok(None);
        }
        let process = Process { pid, start: before.start, arguments, pod_uid };
        Ok(Some(Candidate { process, parent: before.parent }))
    }

    /// The cgroup has it if the kubelet creates one per pod; the mounts always have it.
    fn pod_uid(&self, pid: i32) -> Result<Option<String>> {
        let of_cgroup = self.text(pid, "cgroup")?.and_then(|text| parse::pod_uid_of_cgroup(&text));
        if of_cgroup.is_some() {
            return Ok(of_cgroup);
        }
        Ok(self.text(pid, "mountinfo")?.and_then(|text| parse::pod_uid_of_mountinfo(&text)))
    }

    fn shares_root(&self, process: &Process) -> Result<bool> {
        let theirs = self.place(process.pid, "root");
        let Some(theirs) = unless_ended(fs::metadata(&theirs), &theirs)? else { return Ok(false) };
        let ours = fs::metadata(&self.root).with_context(|| format!("reading {}", self.root.display()))?;
        Ok((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()))
    }

    fn place(&self, pid: i32, name: &str) -> PathBuf {
        self.proc.join(pid.to_string()).join(name)
    }

    fn link(&self, pid: i32, name: &str) -> Result<Option<PathBuf>> {
        let place = self.place(pid, name);
        unless_ended(fs::read_link(&place), &place)
    }

    pub(super) fn text(&self, pid: i32, name: &str) -> Result<Option<String>> {
        Ok(self.bytes(pid, name)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn bytes(&self, pid: i32, name: &str) -> Result<Option<Vec<u8>>> {
        let place = self.place(pid, name);
        unless_ended(fs::read(&place), &place)
    }
}

/// Opening a file of a process that has ended returns `ENOENT`, reading one that was opened before returns `ESRCH`. A
/// process that is ending has no mounts any more, which `EINVAL` reports (`mounts_open_common`), while its state is
/// still running.
fn unless_ended<T>(result: io::Result<T>, place: &Path) -> Result<Option<T>> {
    let has_ended = |error: &io::Error| {
        matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH | Errno::INVAL))
    };
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if has_ended(&error) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", place.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_an_ending_process() {
        let after = |errno: Errno| unless_ended::<()>(Err(errno.into()), Path::new("/proc/1/mountinfo"));
        for errno in [Errno::NOENT, Errno::SRCH, Errno::INVAL] {
            assert!(after(errno).unwrap().is_none(), "{errno}");
        }
        let error = format!("{:#}", after(Errno::ACCESS).unwrap_err());
        assert!(error.starts_with("reading /proc/1/mountinfo: "), "{error}");
    }
}
