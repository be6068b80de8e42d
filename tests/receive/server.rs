//! The receiver program on a free port of the loopback interface.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// A running receiver, and its directory.
pub(crate) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// Its address.
    pub(crate) address: SocketAddr,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None`: killed by a signal.
    pub(crate) code: Option<i32>,
    /// Its messages after the first line.
    pub(crate) stderr: String,
}

impl Server {
    /// Starts it in `directory` with these options, separated by spaces, and waits until it listens.
    pub(crate) fn start(directory: &Path, options: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaudit"));
        command.args(words(options));
        Self::of(directory, command)
    }

    /// The same in a shell that runs `before` first.
    pub(crate) fn start_after(directory: &Path, before: &str, options: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_kaudit")]);
        command.args(words(options));
        Self::of(directory, command)
    }

    fn of(directory: &Path, mut command: Command) -> Self {
        command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            if let Some((_, address)) = line.trim_end().split_once("listening on http") {
                break address.rsplit('/').next().unwrap().parse().unwrap();
            }
            said.push_str(&line);
        };
        Self { child, stderr, address }
    }

    /// Its standard output; can be taken once.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Its peak memory so far, in KiB (`proc_pid_status(5)`).
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end, which something else causes.
    pub(crate) fn wait(mut self) -> Ended {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Ended { code: self.child.wait().unwrap().code(), stderr }
    }

    /// Ends it with SIGTERM.
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }
}

fn words(options: &str) -> Vec<String> {
    let options = format!("receive --listen 127.0.0.1:0 {options}");
    options.split_whitespace().map(str::to_owned).collect()
}

/// Runs a receiver that must fail to start; returns its exit code and its messages.
pub(crate) fn refused(directory: &Path, options: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(["receive"])
        .args(options.split_whitespace())
        .current_dir(directory)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A directory with the certificates, keys and a token.
pub(crate) fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(testdata()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::write(directory.path().join("token"), "geheim\n").unwrap();
    directory
}

/// Where `make.sh` made the certificates.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receive/testdata")
}
