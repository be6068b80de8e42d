//! With process tables made of files, and with the real one.

use super::{Process, Processes};
use crate::node::Node;
use jiff::Timestamp;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

const UID: &str = "6ebcb5e4f9e3c2b1a0d9e8f7a6b5c4d3";

/// A root directory with a process table of files.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn write(&self, path: &str, text: &str) {
        let place = self.directory.path().join(path);
        fs::DirBuilder::new().recursive(true).create(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    /// A process whose root is `root` below this one, with the command line `words`, separated by spaces.
    fn run(&self, pid: i32, parent: i32, start: u64, root: &str, words: &str) {
        let zeros = "0 ".repeat(17);
        self.write(&format!("proc/{pid}/stat"), &format!("{pid} (x) S {parent} {zeros}{start} 0\n"));
        self.write(&format!("proc/{pid}/cmdline"), &format!("{}\0", words.replace(' ', "\0")));
        self.write(&format!("proc/{pid}/cgroup"), "0::/\n");
        self.write(&format!("proc/{pid}/mountinfo"), "");
        let root = self.directory.path().join(root);
        fs::DirBuilder::new().recursive(true).create(&root).unwrap();
        symlink(root, self.directory.path().join(format!("proc/{pid}/root"))).unwrap();
    }

    fn in_pod(&self, pid: i32, uid: &str) {
        self.write(&format!("proc/{pid}/cgroup"), &format!("0::/kubepods/burstable/pod{uid}/5d0c\n"));
    }

    fn processes(&self) -> Processes {
        Node::at(self.directory.path()).processes()
    }
}

fn pids(processes: &[Process]) -> Vec<i32> {
    processes.iter().map(|process| process.pid).collect()
}

#[test]
fn a_kubelet_of_a_container_is_not_this_nodes() {
    let machine = Machine::new();
    machine.run(90, 1, 500, "", "/usr/bin/kubelet --config=/x");
    machine.run(91, 1, 400, "kind", "/usr/bin/kubelet --config=/y");
    machine.run(92, 1, 300, "", "kubelet --version");
    machine.run(93, 90, 600, "", "/usr/bin/kubelet --config=/x");
    machine.run(94, 1, 600, "", "kubelet-exporter");
    machine.write("proc/95/stat", "95 (kthreadd) S 2");
    machine.write("proc/95/cmdline", "");
    machine.write("proc/self/cmdline", "kubelet\0");
    let found = machine.processes().kubelets().unwrap();
    assert_eq!(pids(&found), [90]);
    assert_eq!(found[0].arguments, ["/usr/bin/kubelet", "--config=/x"]);
    assert_eq!(found[0].start, 500);
}

#[test]
fn an_api_server_is_ours_by_its_pods_directory() {
    let machine = Machine::new();
    machine.write(&format!("var/lib/kubelet/pods/{UID}/etc-hosts"), "");
    for (pid, start) in [(10, 900), (11, 800), (12, 700), (13, 600)] {
        machine.run(pid, 1, start, "container", "kube-apiserver --secure-port=6443");
    }
    machine.in_pod(10, UID);
    machine.write(
        "proc/11/mountinfo",
        &format!("1 2 0:1 /var/lib/kubelet/pods/{UID}/etc-hosts /etc/hosts rw - tmpfs none rw\n"),
    );
    // A pod of another kubelet, and a process that is in no pod.
    machine.in_pod(12, "00000000000000000000000000000000");
    let found = machine.processes().api_servers(Path::new("/var/lib/kubelet")).unwrap();
    assert_eq!(pids(&found), [11, 10]);
    assert!(found.iter().all(|process| process.pod_uid.as_deref() == Some(UID)));
    assert_eq!(machine.processes().api_servers(Path::new("/other")).unwrap(), []);
}

#[test]
fn a_reused_id_is_another_process() {
    let machine = Machine::new();
    machine.run(10, 1, 900, "", "kubelet");
    let process = machine.processes().kubelets().unwrap().remove(0);
    assert!(machine.processes().is_running(&process).unwrap());
    machine.write("proc/10/stat", &format!("10 (x) S 1 {}901 0\n", "0 ".repeat(17)));
    assert!(!machine.processes().is_running(&process).unwrap());
    machine.write("proc/10/stat", &format!("10 (x) Z 1 {}900 0\n", "0 ".repeat(17)));
    assert!(!machine.processes().is_running(&process).unwrap());
    fs::remove_dir_all(machine.directory.path().join("proc/10")).unwrap();
    assert!(!machine.processes().is_running(&process).unwrap());
    assert_eq!(machine.processes().working_directory(&process).unwrap(), None);
}

#[test]
fn a_tree_without_processes_has_none() {
    let machine = Machine::new();
    assert_eq!(machine.processes().kubelets().unwrap(), []);
}

#[test]
fn a_start_time_is_converted_to_wall_clock_time() {
    let machine = Machine::new();
    machine.write("proc/stat", "cpu 1\nbtime 1700000000\n");
    machine.run(10, 1, 12_345, "", "kubelet");
    let processes = machine.processes();
    let process = processes.kubelets().unwrap().remove(0);
    let ticks = rustix::param::clock_ticks_per_second();
    let expected = Timestamp::from_second(1_700_000_000 + i64::try_from(12_345 / ticks).unwrap());
    assert_eq!(processes.started_at(&process).unwrap(), expected.unwrap());
}

#[test]
fn the_machines_own_table_can_be_read() {
    let processes = Node::at("/").processes();
    processes.kubelets().unwrap();
    processes.api_servers(Path::new("/var/lib/kubelet")).unwrap();
    assert!(!processes.host_name().unwrap().is_empty());
}
