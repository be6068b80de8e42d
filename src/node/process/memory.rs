//! Memory of the machine, of a process, and of all pods.

use super::super::Node;
use super::super::files::read::if_exists;
use super::{Process, Processes};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Memory of the machine, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The total.
    pub total: u64,
    /// The kernel's estimate of what a new program can use without swapping.
    pub available: u64,
}

/// The memory limit of all pods of a node together, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodMemory {
    /// The limit.
    pub limit: u64,
    /// The current use, without caches that the kernel can reclaim.
    pub used: u64,
}

impl PodMemory {
    /// The unused part.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Node {
    /// The memory of the machine.
    ///
    /// # Errors
    /// `/proc/meminfo` cannot be read.
    pub fn memory(&self) -> Result<Memory> {
        let path = self.root.join("proc/meminfo");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let field = |name| kib_field(&text, name).with_context(|| format!("no {name} in /proc/meminfo"));
        Ok(Memory { total: field("MemTotal")?, available: field("MemAvailable")? })
    }

    /// The memory limit of all pods, from the cgroup of a pod's `process`: the tightest limit of the group of all pods
    /// (`kubepods`) and the groups above it. `None` if there is no limit.
    ///
    /// # Errors
    /// The cgroups cannot be read.
    pub fn pod_memory(&self, process: &Process) -> Result<Option<PodMemory>> {
        let Some(text) = self.processes().text(process.pid, "cgroup")? else { return Ok(None) };
        let Some((hierarchy, path)) = memory_cgroup(&text) else { return Ok(None) };
        let mount = self.root.join("sys/fs/cgroup").join(hierarchy.directory);
        let mut tightest: Option<PodMemory> = None;
        for group in groups_above_pods(path) {
            let directory = mount.join(group.strip_prefix("/").unwrap_or(&group));
            let found = hierarchy.memory_of(&directory)?;
            tightest = [tightest, found].into_iter().flatten().min_by_key(PodMemory::available);
        }
        Ok(tightest)
    }
}

impl Processes {
    /// The resident memory of `process`, in bytes; `None` if it has ended.
    ///
    /// # Errors
    /// Its status cannot be read.
    pub fn resident(&self, process: &Process) -> Result<Option<u64>> {
        Ok(self.text(process.pid, "status")?.and_then(|text| kib_field(&text, "VmRSS")))
    }
}

/// Parses `Name:   123 kB` of `/proc/meminfo` or `/proc/PID/status`, in bytes.
fn kib_field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number = rest.trim().strip_suffix("kB")?.trim_end();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

/// The file names of a version of the memory controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hierarchy {
    directory: &'static str,
    limit: &'static str,
    usage: &'static str,
    cache: &'static str,
}

const VERSION_1: Hierarchy = Hierarchy {
    directory: "memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};
const VERSION_2: Hierarchy =
    Hierarchy { directory: "", limit: "memory.max", usage: "memory.current", cache: "inactive_file" };

/// Version 1 writes "no limit" as the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 62;

impl Hierarchy {
    /// Limit and use of one group; `None` without a limit. The root group has no such files.
    fn memory_of(self, directory: &Path) -> Result<Option<PodMemory>> {
        let read = |name: &str| {
            let path = directory.join(name);
            if_exists(fs::read_to_string(&path)).with_context(|| format!("reading {}", path.display()))
        };
        let limit = read(self.limit)?.and_then(|text| text.trim().parse().ok());
        let Some(limit) = limit.filter(|limit| *limit < NO_LIMIT) else { return Ok(None) };
        let usage: u64 = read(self.usage)?.and_then(|text| text.trim().parse().ok()).unwrap_or_default();
        let statistics = read("memory.stat")?.unwrap_or_default();
        let cache = statistics.lines().find_map(|line| {
            let (name, number) = line.split_once(' ')?;
            (name == self.cache).then(|| number.parse::<u64>().ok())?
        });
        Ok(Some(PodMemory { limit, used: usage.saturating_sub(cache.unwrap_or_default()) }))
    }
}

/// The group of `/proc/PID/cgroup` that accounts memory.
fn memory_cgroup(text: &str) -> Option<(Hierarchy, &str)> {
    let lines = || text.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let version_1 = lines().find(|(controllers, _)| controllers.split(',').any(|name| name == "memory"));
    let version_2 = || lines().find(|(controllers, _)| controllers.is_empty());
    version_1.map(|(_, path)| (VERSION_1, path)).or_else(|| version_2().map(|(_, path)| (VERSION_2, path)))
}

/// The group of all pods and the groups above it, by the kubelet's names: `kubepods`, `kubepods.slice`,
/// `kubelet-kubepods.slice`. Empty if the path is not that of a pod.
fn groups_above_pods(path: &str) -> Vec<PathBuf> {
    let is_for_pods = |name: &str| {
        let name = name.strip_suffix(".slice").unwrap_or(name);
        name == "kubepods" || name.ends_with("-kubepods")
    };
    let is_groups = |path: &Path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_for_pods);
    let ancestors = Path::new(path).ancestors().map(Path::to_path_buf);
    ancestors.skip_while(|group| !is_groups(group)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_kib() {
        let text =
            "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    2048 kB\nHugePages_Total:       0\n";
        assert_eq!(kib_field(text, "MemAvailable"), Some(2 << 20));
        assert_eq!(kib_field(text, "Mem"), None);
        assert_eq!(kib_field(text, "HugePages_Total"), None);
        assert_eq!(kib_field("VmRSS:\t 275 kB", "VmRSS"), Some(275 << 10));
    }

    #[test]
    fn the_machine_and_this_process_have_memory() {
        let node = Node::at("/");
        let memory = node.memory().unwrap();
        assert!(memory.total >= memory.available && memory.available > 0);
        let pid = i32::try_from(std::process::id()).unwrap();
        let process = Process { pid, start: 0, arguments: Vec::new(), pod_uid: None };
        assert!(node.processes().resident(&process).unwrap().unwrap() > 1 << 20);
    }

    #[test]
    fn groups_of_pods_are_found() {
        let above = |path: &str| {
            let groups = groups_above_pods(path);
            groups.iter().map(|group| group.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(above("/kubepods/burstable/podab/cd"), "/kubepods /");
        assert_eq!(
            above("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podab.slice/x.scope"),
            "/kubelet.slice/kubelet-kubepods.slice /kubelet.slice /"
        );
        assert_eq!(above("/user.slice/x.scope"), "");
    }

    #[test]
    fn the_tightest_limit_counts() {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let place = directory.path().join(path);
            fs::DirBuilder::new().recursive(true).create(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
        };
        let process = Process { pid: 5, start: 0, arguments: Vec::new(), pod_uid: None };
        let node = Node::at(directory.path());
        assert_eq!(node.pod_memory(&process).unwrap(), None);
        write("proc/5/cgroup", "0::/a/kubepods/podx/y\n");
        write("sys/fs/cgroup/a/kubepods/memory.max", "max\n");
        assert_eq!(node.pod_memory(&process).unwrap(), None);
        write("sys/fs/cgroup/a/kubepods/memory.max", "5000\n");
        write("sys/fs/cgroup/a/kubepods/memory.current", "3000\n");
        write("sys/fs/cgroup/a/kubepods/memory.stat", "anon 7\ninactive_file 500\n");
        assert_eq!(node.pod_memory(&process).unwrap(), Some(PodMemory { limit: 5000, used: 2500 }));
        write("sys/fs/cgroup/a/memory.max", "2000\n");
        write("sys/fs/cgroup/a/memory.current", "1000\n");
        assert_eq!(node.pod_memory(&process).unwrap().unwrap().available(), 1000);

        write("proc/5/cgroup", "4:cpu,memory:/kubepods/podx/y\n1:name=systemd:/z\n0::/w\n");
        write("sys/fs/cgroup/memory/kubepods/memory.limit_in_bytes", "900\n");
        write("sys/fs/cgroup/memory/kubepods/memory.usage_in_bytes", "100\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(node.pod_memory(&process).unwrap(), Some(PodMemory { limit: 900, used: 100 }));
    }
}
