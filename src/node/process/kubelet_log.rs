//! The kubelet's log lines about a pod: only the kubelet reports why a pod never starts.

use super::container_log::end_of;
use super::kernel_log::{killed_for_memory, latest_record};
use crate::node::{Bounds, Confinement, How, Node, Program};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The usual path of journalctl.
const JOURNALCTL: [&str; 2] = ["/usr/bin/journalctl", "/bin/journalctl"];

/// Limits: a large journal on a slow disk takes seconds.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(10), memory: 512 << 20, output: 1 << 20 };

/// The kernel's name of an API server process: that of its executable.
const API_SERVER_NAMES: [&str; 2] = ["kube-apiserver", "hyperkube"];

/// The maximum number of journal lines that are read.
const LINES: &str = "--lines=500";

/// A position in the kubelet's log at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletMark {
    /// Seconds since 1970.
    since: u64,
    /// If the kubelet writes to a file: that file, and its length at that moment.
    file: Option<(PathBuf, u64)>,
    /// The latest kernel record at that moment.
    record: Option<u64>,
}

impl KubeletMark {
    /// A moment of an earlier run, in seconds since 1970. A kubelet log file and the kernel log cannot be used then.
    #[must_use]
    pub fn since(seconds: u64) -> Self {
        Self { since: seconds, file: None, record: None }
    }
}

impl Node {
    /// The current position in the log of the kubelet with the process id `kubelet`.
    #[must_use]
    pub fn mark_kubelet_log(kubelet: Option<i32>) -> KubeletMark {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        // Opened through /proc, it is the file that the kubelet writes to, whatever the path means here.
        let file = kubelet.map(|pid| PathBuf::from(format!("/proc/{pid}/fd/2"))).and_then(|path| {
            let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some((path, metadata.len()))
        });
        KubeletMark { since, file, record: latest_record() }
    }

    /// The kubelet's lines since `mark` that name `pod`, and the kernel's messages about killed API servers. Empty if
    /// neither log can be read: they are only used for a diagnosis.
    #[must_use]
    pub fn kubelet_lines(mark: &KubeletMark, pod: &str) -> Vec<String> {
        let text = match &mark.file {
            Some((path, from)) => File::open(path).and_then(|file| end_of(file, *from)).unwrap_or_default(),
            None => journal(mark.since),
        };
        let lines = text.lines().filter(|line| line.contains(pod)).map(str::to_owned);
        let killed = mark.record.map(|record| killed_for_memory(record, &API_SERVER_NAMES));
        lines.chain(killed.unwrap_or_default()).collect()
    }
}

fn journal(since: u64) -> String {
    let Some(executable) = JOURNALCTL.iter().find(|path| Path::new(path).exists()) else {
        return String::new();
    };
    let since = format!("--since=@{since}");
    let words = ["_SYSTEMD_UNIT=kubelet.service", "--output=cat", "--no-pager", LINES, &since];
    let ended = Node::try_program(&Program {
        executable: (*executable).to_owned(),
        name: "journalctl".to_owned(),
        arguments: words.map(str::to_owned).to_vec(),
        environment: Vec::new(),
        confinement: Confinement::None,
        bounds: BOUNDS,
    });
    match ended.how {
        How::Exited(0) => ended.output,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_kubelet_that_writes_to_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kubelet.log");
        let mut log = File::create_new(&path).unwrap();
        log.write_all(b"an old line about kube-apiserver-cp0\n").unwrap();
        let mut kubelet =
            Command::new("sleep").arg("60").stderr(Stdio::from(log.try_clone().unwrap())).spawn().unwrap();
        let mark = Node::mark_kubelet_log(i32::try_from(kubelet.id()).ok());
        log.write_all(b"a new line about kube-apiserver-cp0\nand one about etcd-cp0\n").unwrap();
        let lines = Node::kubelet_lines(&mark, "kube-apiserver-cp0");
        kubelet.kill().unwrap();
        kubelet.wait().unwrap();
        assert_eq!(lines, ["a new line about kube-apiserver-cp0"]);
    }
}
