//! With real processes and signals.

use super::*;
use crate::node::Component;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::raise;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(20);

/// A process that looks like an API server; it is killed when dropped.
struct Sleeper {
    child: Child,
    process: Process,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn start() -> (Live, Sleeper) {
    let live = Live::new(Node::at("/"), target());
    let child = Command::new("sleep").arg0("kube-apiserver").arg("60").spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let process = Process { pid, start: 0, arguments: Vec::new(), pod_uid: None };
    let mut sleeper = Sleeper { child, process };
    let started = Instant::now();
    while started.elapsed() < LONG {
        // Until execve(2) it has the command line of this test.
        let found = live.processes.running(Component::ApiServer).unwrap();
        if let Some(process) = found.into_iter().find(|process| process.pid == pid) {
            sleeper.process = process;
            return (live, sleeper);
        }
        thread::sleep(SHORT);
    }
    panic!("the child did not start");
}

fn target() -> RestartTarget {
    RestartTarget {
        kubelet: 1,
        kubelet_root: "/var/lib/kubelet".into(),
        namespace: "kube-system".to_owned(),
        container: "kube-apiserver".to_owned(),
    }
}

#[test]
fn a_process_is_waited_for_and_killed() {
    let (mut live, mut sleeper) = start();
    let process = sleeper.process.clone();
    assert!(!live.wait_for_exit(&process, SHORT).unwrap());
    let another = Process { start: process.start + 1, ..process.clone() };
    live.kill(&another).unwrap();
    assert!(live.wait_for_exit(&another, LONG).unwrap(), "another start is another process, and gone");
    assert!(!live.wait_for_exit(&process, SHORT).unwrap(), "and the one with this id lives on");
    live.kill(&process).unwrap();
    // A zombie, not yet reaped by this test, has ended.
    assert!(live.wait_for_exit(&process, LONG).unwrap());
    live.kill(&process).unwrap();
    sleeper.child.wait().unwrap();
    assert!(live.wait_for_exit(&process, LONG).unwrap());
    live.kill(&process).unwrap();
}

#[test]
fn without_pidfds_the_process_table_is_polled() {
    let (live, mut sleeper) = start();
    assert!(!live.watch_for_exit(&sleeper.process, Instant::now() + SHORT).unwrap());
    sleeper.child.kill().unwrap();
    assert!(live.watch_for_exit(&sleeper.process, Instant::now() + LONG).unwrap());
    sleeper.child.wait().unwrap();
}

#[test]
fn signals_are_recorded_and_hang_ups_ignored() {
    let mut live = Live::new(Node::at("/"), target());
    live.handle_signals().unwrap();
    raise(SIGHUP).unwrap();
    assert_eq!(live.interrupt(), None);
    raise(SIGTERM).unwrap();
    assert_eq!(live.interrupt(), Some(Interrupt::Term));
    raise(SIGINT).unwrap();
    assert_eq!(live.interrupt(), Some(Interrupt::Int));
    assert_eq!(Live::new(Node::at("/"), target()).interrupt(), None, "only who handles signals gets them");
    let before = live.clock();
    live.pause(SHORT);
    assert!(live.clock() >= before + SHORT);
    assert_eq!(live.end_handling(), Some(Interrupt::Int));

    let mut next = Live::new(Node::at("/"), target());
    next.handle_signals().unwrap();
    assert_eq!(next.interrupt(), None, "what ended an earlier one");
    assert_eq!(next.end_handling(), None);
}
