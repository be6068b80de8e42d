//! A node's own control groups: one directory in each hierarchy of the machine, which the node sees as the root.
//!
//! They keep what runs in a node apart from the machine's own groups, and they can be removed only when no process is
//! left in them, so that their removal proves the end of a node.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CloneFlags, unshare};

use super::wait::wait_for;

/// How long the kernel may take to end a node's processes. It takes a fraction of a second.
const END_LIMIT: Duration = Duration::from_mins(1);
/// The writing process, where a process id is asked for.
const MYSELF: &str = "0";

/// A hierarchy of control groups.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    mount_point: PathBuf,
    /// Whether it is the one of cgroup v2.
    is_unified: bool,
}

/// A node's group in one hierarchy.
pub(crate) struct Group {
    /// Where the hierarchy is mounted, on the machine and in the node.
    pub(crate) mount_point: PathBuf,
    /// The group's directory.
    pub(crate) directory: PathBuf,
}

/// Makes the groups of the node `name`, moves this process into them and hides everything above them from it.
///
/// # Errors
///
/// When a group cannot be made or entered.
pub(crate) fn enter(name: &str) -> Result<Vec<Group>> {
    let hierarchies = hierarchies()?;
    let mut groups = Vec::new();
    for Hierarchy { mount_point, is_unified } in &hierarchies {
        let directory = group(mount_point, name);
        if *is_unified {
            delegate_controllers(mount_point)?;
        }
        fs::create_dir(&directory).with_context(|| format!("creating {}", directory.display()))?;
        // A new group of this controller of cgroup v1 has no processor and no memory, and takes no process.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if !is_unified && directory.join(file).exists() {
                let parents = fs::read_to_string(mount_point.join(file)).context("reading a cpuset")?;
                write(&directory.join(file), &parents)?;
            }
        }
        write(&directory.join("cgroup.procs"), MYSELF)?;
        groups.push(Group { mount_point: mount_point.clone(), directory });
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).context("making a cgroup namespace")?;
    for hierarchy in hierarchies.iter().filter(|hierarchy| hierarchy.is_unified) {
        // A group of cgroup v2 may have processes or pass controllers on, not both.
        let directory = group(&hierarchy.mount_point, name);
        let daemons = directory.join("daemons");
        fs::create_dir(&daemons).with_context(|| format!("creating {}", daemons.display()))?;
        write(&daemons.join("cgroup.procs"), MYSELF)?;
        delegate_controllers(&directory)?;
    }
    Ok(groups)
}

/// Removes the groups of the node `name`, once the processes in them have ended.
///
/// # Errors
///
/// When processes are left in them after a while.
pub(crate) fn remove(name: &str) -> Result<()> {
    for Hierarchy { mount_point, .. } in hierarchies()? {
        let directory = group(&mount_point, name);
        wait_for(&format!("the processes in {} to end", directory.display()), END_LIMIT, || {
            Ok(remove_tree(&directory).is_ok().then_some(()))
        })?;
    }
    Ok(())
}

/// Gives the group of a process, by the text of its `/proc/PID/cgroup`, no more than `bytes` of memory.
///
/// # Errors
///
/// When it is in no group whose memory is limited, or the group is gone.
pub(crate) fn limit_memory(groups: &str, bytes: u64) -> Result<()> {
    for Hierarchy { mount_point, is_unified } in hierarchies()? {
        let file = if is_unified { "memory.max" } else { "memory.limit_in_bytes" };
        let Some(group) = member(groups, is_unified) else { continue };
        let file = mount_point.join(group.trim_start_matches('/')).join(file);
        if file.exists() {
            return write(&file, &bytes.to_string());
        }
    }
    bail!("no group with a limit of its memory in {groups:?}")
}

/// The group in the hierarchy of cgroup v2 or in that of the memory controller of v1, in the text of `/proc/PID/cgroup`
/// as cgroups(7) describes it.
fn member(groups: &str, is_unified: bool) -> Option<&str> {
    groups.lines().find_map(|line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        let is_it = if is_unified {
            controllers.is_empty()
        } else {
            controllers.split(',').any(|one| one == "memory")
        };
        is_it.then_some(group)
    })
}

fn group(mount_point: &Path, name: &str) -> PathBuf {
    mount_point.join(format!("kaudit-{name}"))
}

/// Enables every controller of `directory` for the groups below it. A controller that cannot be enabled is left out: a
/// daemon that requires it reports that in its own log.
fn delegate_controllers(directory: &Path) -> Result<()> {
    let controllers =
        fs::read_to_string(directory.join("cgroup.controllers")).context("reading controllers")?;
    for controller in controllers.split_whitespace() {
        let _refused = fs::write(directory.join("cgroup.subtree_control"), format!("+{controller}"));
    }
    Ok(())
}

/// Removes the group and those below it. Their files go with them.
fn remove_tree(directory: &Path) -> std::io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(directory)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

fn hierarchies() -> Result<Vec<Hierarchy>> {
    Ok(parse(&fs::read_to_string("/proc/self/mountinfo").context("reading the mounts")?))
}

/// The hierarchies in the text of `/proc/PID/mountinfo`, as proc(5) describes it.
fn parse(mountinfo: &str) -> Vec<Hierarchy> {
    let mut hierarchies = Vec::new();
    for line in mountinfo.lines() {
        let Some((mount, file_system)) = line.split_once(" - ") else { continue };
        let is_unified = file_system.starts_with("cgroup2 ");
        if let Some(mount_point) = mount.split(' ').nth(4)
            && (is_unified || file_system.starts_with("cgroup "))
        {
            hierarchies.push(Hierarchy { mount_point: PathBuf::from(mount_point), is_unified });
        }
    }
    hierarchies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_hierarchies_of_both_versions() {
        let mountinfo = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
        let expected = [("/sys/fs/cgroup/cpu,cpuacct", false), ("/sys/fs/cgroup/unified", true)];
        assert_eq!(
            parse(mountinfo),
            expected.map(|(place, is_unified)| Hierarchy { mount_point: place.into(), is_unified })
        );
    }

    #[test]
    fn finds_the_group_of_a_process() {
        let groups = "4:cpu,memory:/node/pod\n1:cpuset:/\n0::/unified\n";
        assert_eq!(member(groups, false), Some("/node/pod"));
        assert_eq!(member(groups, true), Some("/unified"));
        assert_eq!(member("1:cpuset:/\n", false), None);
    }
}
