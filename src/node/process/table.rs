//! Reading `/proc`. A process may end at any moment: what ends while it is looked at is not there, and no error.

use super::super::{EntryKind, Node};
use super::{Component, Process, parse};
use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use rustix::io::Errno;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The node's processes. A directory tree (`--root`) has no `/proc`, and so none.
#[derive(Debug, Clone)]
pub struct Processes {
    proc: PathBuf,
    root: PathBuf,
}

/// A process with what is needed to tell a program from its children.
struct Candidate {
    process: Process,
    parent: i32,
}

impl Node {
    /// Its processes.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes { proc: self.root.join("proc"), root: self.root.clone() }
    }

    /// Whether the kubelet whose directory is `kubelet_root` still keeps something of the pod `uid`.
    pub(in crate::node) fn has_pod_directory(&self, kubelet_root: &Path, uid: &str) -> Result<bool> {
        Ok(self.target_kind(&kubelet_root.join("pods").join(uid))? == EntryKind::Directory)
    }
}

impl Processes {
    /// The kubelets of this very node, oldest first. A machine that runs kind nodes shows theirs as well; these have
    /// another root directory.
    ///
    /// # Errors
    /// The process table cannot be read, or not by this user.
    pub fn kubelets(&self) -> Result<Vec<Process>> {
        let mut found = Vec::new();
        for process in self.running(Component::Kubelet)? {
            // `kubelet --version` is not a kubelet that runs pods.
            let asks = |word: &String| matches!(word.as_str(), "--version" | "--help" | "-h");
            if !process.arguments.iter().any(asks) && self.shares_root(&process)? {
                found.push(process);
            }
        }
        Ok(found)
    }

    /// The kube-apiserver processes in pods of the kubelet whose directory is `kubelet_root`, oldest first.
    ///
    /// # Errors
    /// The process table cannot be read, or not by this user.
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

    /// Whether `process` runs still: the same one, not another that got its id.
    ///
    /// # Errors
    /// The process table cannot be read.
    pub fn is_running(&self, process: &Process) -> Result<bool> {
        let stat = self.text(process.pid, "stat")?.and_then(|text| parse::stat(&text));
        Ok(stat.is_some_and(|stat| stat.start == process.start && !stat.has_ended()))
    }

    /// When `process` started, by the wall clock as it goes now; exact to a second.
    ///
    /// # Errors
    /// `/proc/stat` cannot be read, or does not say when the machine was started.
    pub fn started_at(&self, process: &Process) -> Result<Timestamp> {
        let path = self.proc.join("stat");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let boot = parse::boot_time(&text).context("no btime in /proc/stat")?;
        let since_boot = process.start / rustix::param::clock_ticks_per_second().max(1);
        let boot = Timestamp::from_second(boot).context("btime of /proc/stat")?;
        let since_boot = SignedDuration::from_secs(i64::try_from(since_boot).unwrap_or(i64::MAX));
        boot.checked_add(since_boot).context("the start of a process")
    }

    /// The file that `process` was started from, as it sees it; `None` when it has ended. The kernel appends
    /// ` (deleted)` where the file was replaced since.
    ///
    /// # Errors
    /// This user may not know.
    pub fn executable(&self, process: &Process) -> Result<Option<PathBuf>> {
        self.link(process.pid, "exe")
    }

    /// The directory that relative paths of `process` start from; `None` when it has ended.
    ///
    /// # Errors
    /// This user may not know.
    pub fn working_directory(&self, process: &Process) -> Result<Option<PathBuf>> {
        self.link(process.pid, "cwd")
    }

    /// The machine's name as the kernel has it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn host_name(&self) -> Result<String> {
        let path = self.proc.join("sys/kernel/hostname");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Every process that runs `program`, oldest first, without the copies of itself that it is about to turn into
    /// others: between fork(2) and execve(2) a child has its parent's command line.
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
        let entries = match fs::read_dir(&self.proc) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("listing {}", self.proc.display())),
        };
        let mut pids = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("listing {}", self.proc.display()))?;
            pids.extend(entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
        }
        Ok(pids)
    }

    /// The process `pid` if it runs `program`. Its start is read before and after all else: the id may go to another
    /// process meanwhile.
    fn candidate(&self, pid: i32, program: Component) -> Result<Option<Candidate>> {
        let Some(cmdline) = self.bytes(pid, "cmdline")? else { return Ok(None) };
        if program.own_words(&parse::words(&cmdline)).is_none() {
            return Ok(None);
        }
        let stat = || -> Result<Option<parse::Stat>> {
            Ok(self.text(pid, "stat")?.and_then(|text| parse::stat(&text)))
        };
        let (Some(before), Some(cmdline)) = (stat()?, self.bytes(pid, "cmdline")?) else { return Ok(None) };
        let arguments = parse::words(&cmdline);
        let pod_uid = self.pod_uid(pid)?;
        let is_same = stat()?.is_some_and(|after| after.start == before.start && !after.has_ended());
        if !is_same || program.own_words(&arguments).is_none() {
            return Ok(None);
        }
        let process = Process { pid, start: before.start, arguments, pod_uid };
        Ok(Some(Candidate { process, parent: before.parent }))
    }

    /// The cgroup tells it where the kubelet makes one for each pod; the mounts tell it anywhere.
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
        let ours = fs::metadata(&self.root).with_context(|| format!("looking at {}", self.root.display()))?;
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

/// Opening a file of a process that has ended gives `ENOENT`, reading one that was opened before gives `ESRCH`. One that is
/// just ending has no mounts any more, which `EINVAL` says (`mounts_open_common`), while its state is still that of one that
/// runs.
fn unless_ended<T>(result: io::Result<T>, place: &Path) -> Result<Option<T>> {
    let has_ended = |error: &io::Error| {
        matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH | Errno::INVAL))
    };
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if has_ended(&error) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("looking at {}", place.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_a_process_that_ends() {
        let after = |errno: Errno| unless_ended::<()>(Err(errno.into()), Path::new("/proc/1/mountinfo"));
        for errno in [Errno::NOENT, Errno::SRCH, Errno::INVAL] {
            assert!(after(errno).unwrap().is_none(), "{errno}");
        }
        let error = format!("{:#}", after(Errno::ACCESS).unwrap_err());
        assert!(error.starts_with("looking at /proc/1/mountinfo: "), "{error}");
    }
}
