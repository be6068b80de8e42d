//! The live node as a [`Machine`]: files, processes, API server, clock, and signals.

use crate::file::{FileState, Metadata};
use crate::node::process::signals::{self, Armed};
use crate::node::{
    Answer, Ask, Attempt, ContainerOf, Effects, Interrupt, KubeletMark, LastWords, Machine, Moved, Node,
    Process, Processes, Rule, Steering, moment,
};
use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The polling interval for a process on kernels without pidfd.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Returns a new UUID for each read (random(4)).
const RANDOM_UUID: &str = "/proc/sys/kernel/random/uuid";

/// How many lines of a container log are read for a diagnosis.
const LAST_LINES: usize = 40;

/// The API server that is restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartTarget {
    /// The pid of the kubelet.
    pub kubelet: i32,
    /// The kubelet's directory of pods (`--root-dir`).
    pub kubelet_root: PathBuf,
    /// The namespace of the pod.
    pub namespace: String,
    /// The name of the API server's container.
    pub container: String,
}

/// The live node, for a restart.
#[derive(Debug)]
pub struct Live {
    node: Node,
    processes: Processes,
    target: RestartTarget,
    started: Instant,
    /// The start, in seconds since 1970.
    began: i64,
    /// The position in the kubelet's log at the start.
    mark: KubeletMark,
    /// While set, new connections are redirected.
    steering: Option<Steering>,
    /// Set while signals are handled.
    armed: Option<Armed>,
}

/// A process that can be waited for.
enum Handle {
    /// A pidfd, which refers to this process even if its id is reused (`pidfd_open(2)`, Linux 5.3).
    Descriptor(OwnedFd),
    /// It has ended.
    Ended,
    /// The kernel is older, or a filter forbids the call.
    Unsupported,
}

impl Live {
    /// A machine for `node` and its restart. The clock starts now.
    #[must_use]
    pub fn new(node: Node, target: RestartTarget) -> Self {
        Self {
            processes: node.processes(),
            node,
            mark: Node::mark_kubelet_log(Some(target.kubelet)),
            target,
            started: Instant::now(),
            began: moment().as_second(),
            steering: None,
            armed: None,
        }
    }

    /// From now on and while this value lives, SIGINT and SIGTERM are recorded for [`Machine::interrupt`] instead of
    /// ending the process, and SIGHUP is ignored: the end of an SSH session must not interrupt a restart.
    ///
    /// # Errors
    /// The signal handlers cannot be installed.
    pub fn handle_signals(&mut self) -> Result<()> {
        self.armed = Some(Armed::new()?);
        Ok(())
    }

    /// Ends the restart; signals stay ignored until the process has reported the result.
    pub fn end_ignoring_signals(mut self) {
        if let Some(armed) = &mut self.armed {
            armed.stay();
        }
    }

    /// Ends the handling of signals, and returns the signal that was recorded. From now on signals have their default
    /// action.
    pub fn end_handling(mut self) -> Option<Interrupt> {
        self.armed.take().map(drop).and_then(|()| signals::asked())
    }

    /// Opens a handle for `process`, if its id still refers to it.
    fn handle(&self, process: &Process) -> Result<Handle> {
        let Some(pid) = Pid::from_raw(process.pid) else { return Ok(Handle::Ended) };
        let descriptor = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::SRCH) => return Ok(Handle::Ended),
            Err(Errno::NOSYS | Errno::PERM) => return Ok(Handle::Unsupported),
            Err(error) => return Err(error).with_context(|| format!("opening process {}", process.pid)),
        };
        // Checked after opening: if the id refers to the process now, so does the descriptor.
        Ok(if self.processes.is_running(process)? { Handle::Descriptor(descriptor) } else { Handle::Ended })
    }

    fn watch_for_exit(&self, process: &Process, deadline: Instant) -> Result<bool> {
        while self.processes.is_running(process)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            thread::sleep(left.min(POLL_INTERVAL));
        }
        Ok(true)
    }
}

/// Waits until the process of `descriptor` has ended or `deadline`. Returns whether it has ended.
fn wait_for(descriptor: &OwnedFd, deadline: Instant) -> Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).context("converting a timeout")?;
        // A pidfd becomes readable when its process ends.
        let mut descriptors = [PollFd::new(descriptor, PollFlags::IN)];
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            // A recorded signal; the time is not up.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("waiting for a process"),
        }
    }
}

impl Machine for Live {
    fn node(&self) -> &Node {
        &self.node
    }

    fn api_servers(&mut self) -> Result<Vec<Process>> {
        self.processes.api_servers(&self.target.kubelet_root)
    }

    fn has_pod_directory(&mut self, uid: &str) -> Result<bool> {
        self.node.has_pod_directory(&self.target.kubelet_root, uid)
    }

    fn ask(&mut self, ask: &Ask) -> Answer {
        self.node.ask(ask)
    }

    fn wait_for_exit(&mut self, process: &Process, limit: Duration) -> Result<bool> {
        let deadline = Instant::now() + limit;
        match self.handle(process)? {
            Handle::Descriptor(descriptor) => wait_for(&descriptor, deadline),
            Handle::Ended => Ok(true),
            Handle::Unsupported => self.watch_for_exit(process, deadline),
        }
    }

    fn kill(&mut self, process: &Process) -> Result<()> {
        let result = match (self.handle(process)?, Pid::from_raw(process.pid)) {
            (Handle::Descriptor(descriptor), _) => pidfd_send_signal(&descriptor, Signal::KILL),
            // Between check and kill the id could be reused; the kernel assigns ids in sequence, so that a freed id is
            // reused last.
            (Handle::Unsupported, Some(pid)) if self.processes.is_running(process)? => {
                kill_process(pid, Signal::KILL)
            }
            (Handle::Unsupported | Handle::Ended, _) => Ok(()),
        };
        match result {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("killing process {}", process.pid)),
        }
    }

    fn last_words(&mut self, pod: &str, uid: Option<&str>) -> LastWords {
        let attempt = uid.map_or(Attempt::Since(self.began), Attempt::Uid);
        let RestartTarget { namespace, container, .. } = &self.target;
        let lines =
            self.node.container_last_lines(&ContainerOf { namespace, pod, attempt, container }, LAST_LINES);
        LastWords {
            // A log that cannot be read is only a missing explanation.
            container: lines.unwrap_or_default(),
            kubelet: Node::kubelet_lines(&self.mark, pod),
        }
    }

    fn steer(&mut self, server: &Process, port: u16, rule: &Rule) -> Result<()> {
        self.steering = Some(self.node.steer(server, port, rule)?);
        Ok(())
    }

    fn exempt_own(&mut self, exempt: bool) -> Result<()> {
        self.steering.as_ref().map_or(Ok(()), |steering| steering.exempt_own(exempt))
    }

    fn stop_steering(&mut self) -> bool {
        self.steering.take().is_some()
    }

    fn fresh_id(&mut self) -> Result<String> {
        let file = self.node.read_file(Path::new(RANDOM_UUID), 64)?.context("the kernel provides no UUID")?;
        Ok(String::from_utf8(file.bytes).context("reading a UUID from the kernel")?.trim().to_owned())
    }

    fn pause(&mut self, duration: Duration) {
        thread::sleep(duration);
    }

    fn clock(&self) -> Duration {
        self.started.elapsed()
    }

    fn interrupt(&self) -> Option<Interrupt> {
        self.armed.as_ref().and_then(|_| signals::asked())
    }
}

impl Effects for Live {
    fn move_file(&mut self, from: &Path, to: &Path) -> Result<Moved> {
        self.node.move_file(from, to)
    }

    fn exchange_files(&mut self, one: &Path, other: &Path) -> Result<()> {
        self.node.exchange_files(one, other)
    }

    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> Result<()> {
        self.node.make_directory(path, metadata)
    }

    fn replace_file(&mut self, path: &Path, file: &FileState) -> Result<()> {
        self.node.replace_file(path, file)
    }

    fn remove_file(&mut self, path: &Path) -> Result<()> {
        self.node.remove_file(path)
    }

    fn remove_empty_directory(&mut self, path: &Path) -> Result<bool> {
        self.node.remove_empty_directory(path)
    }
}

#[cfg(test)]
mod tests;
