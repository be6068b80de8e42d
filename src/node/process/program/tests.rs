//! With real programs and without confinement, which requires root.

use super::*;

const BOUNDS: Bounds = Bounds { time: Duration::from_mins(1), memory: 256 << 20, output: 1 << 10 };

/// A shell that runs `script`.
fn shell(script: &str, bounds: Bounds) -> Ended {
    Node::try_program(&Program {
        executable: "/bin/sh".to_owned(),
        name: "a-shell".to_owned(),
        arguments: ["-c", script].map(str::to_owned).to_vec(),
        environment: vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("A".to_owned(), "b c".to_owned()),
        ],
        confinement: Confinement::None,
        bounds,
    })
}

#[test]
fn exit_status_and_output_are_returned() {
    let Ended { how, output, errors, took } = shell("echo out; echo err >&2; exit 3", BOUNDS);
    assert_eq!((how, output.as_str(), errors.as_str()), (How::Exited(3), "out\n", "err\n"));
    assert!(took < BOUNDS.time);
    assert_eq!(shell("exit 0", BOUNDS).how, How::Exited(0));
    assert_eq!(shell("kill -s KILL $$", BOUNDS).how, How::Killed(9));
}

#[test]
fn only_the_given_name_and_environment_are_passed() {
    // The shell may set a variable or two itself; none of this process's may be there.
    let Ended { output, .. } = shell("echo \"$0 $A|$HOME|$CARGO_MANIFEST_DIR|\"; cat; echo end", BOUNDS);
    assert_eq!(output, "a-shell b c|||\nend\n");
}

#[test]
fn the_end_of_output_starts_with_a_complete_line() {
    let script = "i=0; while [ $i -lt 50000 ]; do echo line $i; i=$((i+1)); done; echo last >&2";
    let Ended { how, output, errors, .. } = shell(script, BOUNDS);
    assert_eq!((how, errors.as_str()), (How::Exited(0), "last\n"));
    assert!(output.len() <= BOUNDS.output && output.len() > BOUNDS.output / 2, "{}", output.len());
    assert!(output.starts_with("line 4") && output.ends_with("\nline 49999\n"), "{output}");
}

#[test]
fn time_is_limited() {
    let bounds = Bounds { time: Duration::from_millis(300), ..BOUNDS };
    let Ended { how, output, took, .. } = shell("echo $$; while :; do :; done", bounds);
    assert_eq!(how, How::TimeUp);
    assert!(took >= bounds.time && took < Duration::from_secs(30), "{took:?}");
    // Killed and reaped: the process does not exist any more.
    let place = format!("/proc/{}/comm", output.trim());
    assert!(fs::read_to_string(place).is_err());
}

#[test]
fn a_grandchild_with_open_pipes_does_not_block_kaudit() {
    let Ended { how, output, took, .. } = shell("sleep 20 & echo $!", BOUNDS);
    assert_eq!(how, How::Exited(0));
    assert!(took < Duration::from_secs(15), "{took:?}");
    let pid = Pid::from_raw(output.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn memory_is_limited() {
    // The limit is set from outside soon after the start, so the script waits for it.
    let script =
        "until [ \"$(ulimit -d)\" = 65536 ]; do :; done; exec dd if=/dev/zero of=/dev/null bs=256M count=1";
    let Ended { how, errors, .. } = shell(script, Bounds { memory: 64 << 20, ..BOUNDS });
    assert_eq!(how, How::Exited(1), "{errors}");
    assert!(errors.contains("memory exhausted"), "{errors}");
    let Ended { how, errors, .. } = shell("exec dd if=/dev/zero of=/dev/null bs=16M count=1", BOUNDS);
    assert_eq!(how, How::Exited(0), "{errors}");
}

#[test]
fn it_is_the_first_oom_victim_and_writes_no_core_dump() {
    let script = "until [ \"$(cat /proc/self/oom_score_adj)\" = 1000 ]; do :; done; ulimit -c; ulimit -t";
    let Ended { how, output, .. } = shell(script, BOUNDS);
    assert_eq!((how, output.as_str()), (How::Exited(0), "0\n61\n"));
}

#[test]
fn a_failed_start_is_reported() {
    for executable in ["/nowhere/kube-apiserver", "/etc/passwd", "/etc"] {
        let Ended { how, output, errors, .. } = Node::try_program(&Program {
            executable: executable.to_owned(),
            name: "x".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            confinement: Confinement::None,
            bounds: BOUNDS,
        });
        let How::NotStarted(why) = how else { panic!("{executable}: {how:?}") };
        assert!(why.starts_with(&format!("{executable} cannot be run: ")), "{why}");
        assert_eq!(output + &errors, "");
    }
}
