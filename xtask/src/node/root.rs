//! A node's root file system: in memory, with the machine's programs read-only and its own files for everything else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root};

use super::cgroup::Group;
use super::slot;

/// Programs and libraries. Symlinks on most distributions, apart from `usr`.
const SYSTEM: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Files that programs and libraries need, if the machine has them.
const CONFIGURATION: [&str; 8] =
    ["alternatives", "group", "ld.so.cache", "ld.so.conf", "localtime", "nsswitch.conf", "os-release", "ssl"];

const DIRECTORIES: [&str; 10] =
    ["dev", "etc", "opt", "proc", "root", "run", "sys", "tmp", "var/lib/kubelet", "var/log"];

/// Kernel settings that the kubelet would change, with the values that it requires. It reads them from files of the node, so
/// it does not change those of the machine.
const KERNEL_SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// A file system type and a source are left out where a mount needs none.
const NONE: Option<&str> = None;

/// Sets up the root file system and makes it this process's root. `shown` are directories of the machine, each with the
/// place, without a leading slash, where the node sees it, read-only.
///
/// This process must be in a mount namespace of its own.
///
/// # Errors
///
/// When something cannot be mounted or written.
pub(crate) fn enter(name: &str, groups: &[Group], shown: &[(&Path, &str)]) -> Result<()> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
        .context("keeping mounts from the machine")?;
    // The mount hides the directory in this namespace only.
    let root = Path::new(slot::DIRECTORY);
    mount(Some("tmpfs"), root, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .context("mounting tmpfs")?;
    for directory in DIRECTORIES {
        create_directory(&root.join(directory))?;
    }
    for directory in SYSTEM {
        show_system_directory(root, directory)?;
    }
    for (source, place) in shown {
        create_directory(&root.join(place))?;
        show(source, &root.join(place))?;
    }
    write_configuration(root, name)?;

    let plain = MsFlags::empty();
    mount(Some("proc"), &root.join("proc"), Some("proc"), plain, NONE).context("mounting proc")?;
    for (setting, value) in KERNEL_SETTINGS {
        let machines = root.join("proc/sys").join(setting);
        // Some kernels do not have all of them.
        if machines.exists() {
            let own = root.join("run").join(setting.replace('/', "."));
            write(&own, value)?;
            bind(&own, &machines, plain)?;
        }
    }
    mount(Some("sysfs"), &root.join("sys"), Some("sysfs"), MsFlags::MS_RDONLY, NONE)
        .context("mounting sysfs")?;
    mount_groups(root, groups)?;
    // With what is mounted below: terminals, shared memory.
    bind(Path::new("/dev"), &root.join("dev"), MsFlags::MS_REC)?;

    // The new root is put over the old one, which is then taken away from below it: pivot_root(2), "pivot_root(".", ".")".
    chdir(root).context("entering the root file system")?;
    pivot_root(".", ".").context("changing the root file system")?;
    umount2(".", MntFlags::MNT_DETACH).context("unmounting the machine's root file system")?;
    chdir("/").context("entering the root file system")?;
    // As systemd leaves it on a real node; the kubelet relies on it for mounts that containers share.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_SHARED, NONE).context("sharing the root file system")
}

fn show_system_directory(root: &Path, name: &str) -> Result<()> {
    let (machines, own) = (Path::new("/").join(name), root.join(name));
    if machines.is_symlink() {
        let target = fs::read_link(&machines).with_context(|| format!("reading {}", machines.display()))?;
        symlink(target, &own).with_context(|| format!("creating {}", own.display()))
    } else if machines.is_dir() {
        create_directory(&own)?;
        show(&machines, &own)
    } else {
        Ok(())
    }
}

fn write_configuration(root: &Path, name: &str) -> Result<()> {
    let etc = root.join("etc");
    for entry in CONFIGURATION {
        let (machines, own) = (Path::new("/etc").join(entry), etc.join(entry));
        if machines.is_dir() {
            create_directory(&own)?;
            show(&machines, &own)?;
        } else if machines.exists() {
            fs::copy(&machines, &own).with_context(|| format!("copying {}", machines.display()))?;
        }
    }
    write(&etc.join("hostname"), &format!("{name}\n"))?;
    write(&etc.join("hosts"), &format!("127.0.0.1 localhost\n{} {name}\n", super::configuration::ADDRESS))?;
    // Read by the kubelet for every pod. There is no name service in the node.
    write(&etc.join("resolv.conf"), "")?;
    write(&etc.join("passwd"), "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n")
}

/// Mounts each group as the root of its hierarchy, at the path that the machine uses.
fn mount_groups(root: &Path, groups: &[Group]) -> Result<()> {
    let inside = |place: &Path| root.join(place.strip_prefix("/").unwrap_or(place));
    let all = Path::new("/sys/fs/cgroup");
    // With cgroup v1 there is one mount point for each hierarchy, in a file system that holds nothing else.
    if !groups.iter().any(|group| group.mount_point == all) {
        mount(Some("tmpfs"), &inside(all), Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
            .context("mounting the place for control groups")?;
    }
    for Group { mount_point, directory } in groups {
        create_directory(&inside(mount_point))?;
        bind(directory, &inside(mount_point), MsFlags::empty())?;
    }
    Ok(())
}

/// Binds `source` to `place`, read-only.
fn show(source: &Path, place: &Path) -> Result<()> {
    bind(source, place, MsFlags::MS_REC)?;
    let read_only = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(NONE, place, NONE, read_only, NONE).with_context(|| format!("making {} read-only", place.display()))
}

fn bind(source: &Path, place: &Path, flags: MsFlags) -> Result<()> {
    mount(Some(source), place, NONE, MsFlags::MS_BIND | flags, NONE)
        .with_context(|| format!("binding {} to {}", source.display(), place.display()))
}

fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("creating {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
