//! Parsers for files of `/proc`, see proc(5).

/// The used fields of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// One letter: running, sleeping, zombie (field 3).
    pub(super) state: char,
    /// The parent's process id (field 4).
    pub(super) parent: i32,
    /// Start, in clock ticks since boot (field 22).
    pub(super) start: u64,
}

impl Stat {
    /// Whether the process has ended and was not reaped yet.
    pub(super) fn has_ended(self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

/// Parses `/proc/PID/stat`. The program's name may contain spaces and parentheses; the last parenthesis ends it.
pub(super) fn stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let start = fields.nth(17)?.parse().ok()?;
    Some(Stat { state, parent, start })
}

/// The arguments of `/proc/PID/cmdline`: each ends with a NUL. Kernel threads and zombies have none.
pub(super) fn arguments(cmdline: &[u8]) -> Vec<String> {
    let cmdline = cmdline.strip_suffix(b"\0").unwrap_or(cmdline);
    if cmdline.is_empty() {
        return Vec::new();
    }
    cmdline.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// The boot time in seconds since 1970: `btime` of `/proc/stat`.
pub(super) fn boot_time(text: &str) -> Option<i64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The pod's uid in `/proc/PID/cgroup`, with dashes.
///
/// The cgroup drivers name a pod's group `pod<uid>` (cgroupfs) or `kubepods-burstable-pod<uid>.slice` with `_` for `-`
/// (systemd; `pkg/kubelet/cm/cgroup_manager_linux.go`, `escapeSystemdCgroupName`). The innermost group counts: a node
/// that is itself a pod also has an outer one.
pub(super) fn pod_uid_of_cgroup(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        path.rsplit('/').find_map(pod_uid_of_group)
    })
}

fn pod_uid_of_group(name: &str) -> Option<String> {
    let name = name.strip_suffix(".slice").unwrap_or(name);
    let uid = match name.strip_prefix("pod") {
        Some(uid) => uid,
        None => name.rsplit_once("-pod")?.1,
    };
    let uid = uid.replace('_', "-");
    is_pod_uid(&uid).then_some(uid)
}

/// The API server generates uids in the form of RFC 4122; the kubelet's uids of static pods are an MD5 sum in
/// hexadecimal (`pkg/kubelet/config/common.go`, `applyDefaults`). Other uids, set in a manifest, are found by the
/// mounts only.
fn is_pod_uid(text: &str) -> bool {
    let is_hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths.as_slice(), [32] | [8, 4, 4, 4, 12]) && parts.into_iter().all(is_hex)
}

/// The pod's uid in `/proc/PID/mountinfo`.
///
/// The kubelet mounts `pods/<uid>/etc-hosts` and `pods/<uid>/containers/<name>/<hash>` (the termination log) into
/// every container, with any cgroup layout. Volumes are ignored: they may be those of other pods.
pub(super) fn pod_uid_of_mountinfo(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let root = line.split(' ').nth(3)?;
        let names: Vec<&str> = root.split('/').collect();
        names.windows(3).rev().find_map(|window| match window {
            ["pods", uid, "etc-hosts" | "containers"] if !uid.is_empty() => Some((*uid).to_owned()),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_any_name() {
        let rest = "S 1 812 812 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 12 0 184712 1280 90 18446744073709551615";
        for name in ["kube-apiserver", "a b", "a) S (b", ")))", ""] {
            let read = stat(&format!("812 ({name}) {rest}"));
            assert_eq!(read, Some(Stat { state: 'S', parent: 1, start: 184_712 }), "{name}");
        }
        assert_eq!(stat("812 (x) S 1 2"), None);
        assert_eq!(stat(""), None);
        assert!(stat(&format!("1 (x) {}", rest.replace('S', "Z"))).unwrap().has_ended());
    }

    #[test]
    fn arguments_end_with_a_nul() {
        assert_eq!(arguments(b"kubelet\0--a=b c\0\0--d\0"), ["kubelet", "--a=b c", "", "--d"]);
        assert_eq!(arguments(b"kubelet\0\0"), ["kubelet", ""]);
        assert_eq!(arguments(b""), Vec::<String>::new());
        assert_eq!(arguments(b"\xff\0"), ["\u{fffd}"]);
    }

    #[test]
    fn boot_time_is_one_line_of_many() {
        assert_eq!(
            boot_time("cpu  1 2 3\nintr 5\nctxt 7\nbtime 1754400000\nprocesses 9\n"),
            Some(1_754_400_000)
        );
        assert_eq!(boot_time("cpu 1\n"), None);
    }

    #[test]
    fn every_cgroup_layout_identifies_the_pod() {
        const STATIC: &str = "6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3";
        const OTHER: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        for (text, uid) in [
            // v2, systemd driver, containerd.
            (
                "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3.slice/cri-containerd-5d0c.scope\n",
                Some(STATIC),
            ),
            // v2, systemd driver, CRI-O, an API server's uid, Guaranteed; conmon's child has a nested group.
            (
                "0::/kubepods.slice/kubepods-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/crio-5d0c.scope/container\n",
                Some(OTHER),
            ),
            // v1, cgroupfs driver, docker: one line for each controller.
            (
                "12:pids:/kubepods/burstable/pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3/5d0c\n11:cpu,cpuacct:/kubepods/burstable/pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3/5d0c\n1:name=systemd:/kubepods/burstable/pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3/5d0c\n",
                Some(STATIC),
            ),
            // v1, systemd driver, docker.
            (
                "4:memory:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/docker-5d0c.scope\n",
                Some(OTHER),
            ),
            // Hybrid: the unified line is containerd's own.
            (
                "0::/system.slice/containerd.service\n5:devices:/kubepods/besteffort/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/5d0c\n",
                Some(OTHER),
            ),
            // kind: the kubelet has a cgroup root of its own.
            (
                "0::/docker/77aa/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3.slice/cri-containerd-5d0c.scope\n",
                Some(STATIC),
            ),
            // kind in a pod: the outer pod is not the API server's.
            (
                "0::/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/77aa/kubelet/kubepods/burstable/pod6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3/5d0c\n",
                Some(STATIC),
            ),
            ("0::/system.slice/kubelet.service\n", None),
            ("0::/k8s.io/5d0c\n", None),
            ("0::/user.slice/podman-1234.scope\n", None),
            ("0::/podkube-apiserver/5d0c\n", None),
            ("0::/\n", None),
            ("", None),
        ] {
            assert_eq!(pod_uid_of_cgroup(text).as_deref(), uid, "{text}");
        }
    }

    #[test]
    fn mounts_identify_the_pod_if_cgroups_do_not() {
        for (text, uid) in [
            (
                "644 620 0:50 / / rw,relatime - overlay overlay rw\n650 644 0:31 /var/lib/kubelet/pods/6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3/etc-hosts /etc/hosts rw,relatime - tmpfs none rw\n",
                Some("6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3"),
            ),
            // The kubelet's directory is a file system of its own; the uid stands in the manifest.
            (
                "651 644 8:1 /pods/api-server-1/containers/kube-apiserver/6c2d09ab /dev/termination-log rw - ext4 /dev/sda1 rw\n",
                Some("api-server-1"),
            ),
            // A CSI driver sees other pods' volumes.
            ("652 644 8:1 /var/lib/kubelet/pods/0f1e/volumes/x /data rw - ext4 /dev/sda1 rw\n", None),
            ("653 644 8:1 / / rw - ext4 /dev/sda1 rw\n", None),
            ("short line\n", None),
        ] {
            assert_eq!(pod_uid_of_mountinfo(text).as_deref(), uid, "{text}");
        }
    }
}
