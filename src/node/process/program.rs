//! Runs a program to check its result: bounded in time, memory and output, always killed and reaped.
//!
//! If kaudit itself is killed meanwhile, the program ends by SIGPIPE at its next output, since the pipes have no
//! reader any more, or at its limit of processor time. (A death signal tied to the parent, `PR_SET_PDEATHSIG`, can
//! only be set between fork and exec, which requires `unsafe`.)

use super::output::Tail;
use crate::node::Node;
use crate::node::process::namespaces;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long to poll the pipes before the process is checked.
const LOOK: Duration = Duration::from_millis(20);

/// The niceness: the program runs next to a live API server. Not 19, which leaves it 1.5 % of a busy processor
/// (`sched(7)`), too little to finish in time.
const NICENESS: i32 = 5;

/// When memory runs out, the kernel kills the program first (`proc_pid_oom_score_adj(5)`).
const OOM_SCORE: &str = "1000";

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The path of the executable, as seen inside the confinement.
    pub executable: String,
    /// `argv[0]`.
    pub name: String,
    /// The arguments after the name.
    pub arguments: Vec<String>,
    /// The complete environment.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub confinement: Confinement,
    /// The limits.
    pub bounds: Bounds,
}

/// The environment that a program runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confinement {
    /// That of kaudit.
    None,
    /// The files that another process sees, without network: a copy of its mount namespace, and a new network
    /// namespace, which has only a loopback interface that is down.
    Container {
        /// The process.
        pid: i32,
        /// Name and content of files in [`SCRATCH`](crate::node::SCRATCH), a private file system in memory that ends
        /// with the program.
        files: Vec<(String, Vec<u8>)>,
    },
}

/// The limits of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The time limit; also the limit of processor time, which the kernel enforces.
    pub time: Duration,
    /// The limit of writable memory in bytes (`RLIMIT_DATA`).
    pub memory: u64,
    /// How many bytes at the end of each output are kept.
    pub output: usize,
}

/// The result of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub how: How,
    /// The end of its standard output.
    pub output: String,
    /// The end of its standard error.
    pub errors: String,
    /// How long it ran.
    pub took: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It exited with this status.
    Exited(i32),
    /// It was killed by a signal that kaudit did not send.
    Killed(i32),
    /// kaudit killed it after the time limit.
    TimeUp,
    /// It was not started; the reason.
    NotStarted(String),
}

impl Node {
    /// Runs a program of the live node until it ends or reaches a limit.
    #[must_use]
    pub fn try_program(program: &Program) -> Ended {
        let started = Instant::now();
        let result = start(program).and_then(|child| {
            Running { child }
                .watch(started, program.bounds)
                .map_err(|error| format!("waiting for the program failed: {error}"))
        });
        result.unwrap_or_else(|why| Ended {
            how: How::NotStarted(why),
            output: String::new(),
            errors: String::new(),
            took: started.elapsed(),
        })
    }
}

fn start(program: &Program) -> Result<Child, String> {
    let spawn =
        || command(program).spawn().map_err(|error| format!("{} cannot be run: {error}", program.executable));
    let child = match &program.confinement {
        Confinement::None => spawn()?,
        // Namespaces and niceness belong to a thread, and a child inherits those of the thread that starts it. The
        // thread ends here; the rest of kaudit stays in the namespaces of the node.
        Confinement::Container { pid, files } => thread::scope(|scope| {
            let made = scope.spawn(|| {
                namespaces::enter(*pid, files)?;
                setpriority_process(None, NICENESS)
                    .map_err(|error| format!("cannot set its niceness: {error}"))?;
                spawn()
            });
            made.join().unwrap_or_else(|_| Err("the thread that starts it panicked".to_owned()))
        })?,
    };
    limit(&child, program.bounds);
    Ok(child)
}

fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.executable);
    command
        .arg0(&program.name)
        .args(&program.arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is handled by kaudit, which ends the program itself.
        .process_group(0);
    command
}

/// Sets the limits from outside, some microseconds after the start. The process may have ended already.
fn limit(child: &Child, bounds: Bounds) {
    // Without a pid, prlimit(2) would limit kaudit itself.
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let seconds = bounds.time.as_secs().saturating_add(1);
    for (resource, value) in [(Resource::Data, bounds.memory), (Resource::Cpu, seconds), (Resource::Core, 0)]
    {
        let _ = prlimit(Some(pid), resource, Rlimit { current: Some(value), maximum: Some(value) });
    }
    // A plain write: proc(5) is not on disk.
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), OOM_SCORE);
}

/// A child that is killed and reaped on drop.
struct Running {
    child: Child,
}

impl Running {
    fn watch(mut self, started: Instant, bounds: Bounds) -> io::Result<Ended> {
        let pipe = |fd: Option<OwnedFd>| Tail::new(fd.map(File::from), bounds.output);
        let mut output = pipe(self.child.stdout.take().map(OwnedFd::from));
        let mut errors = pipe(self.child.stderr.take().map(OwnedFd::from));
        let deadline = started + bounds.time;
        let how = loop {
            if let Some(status) = self.child.try_wait()? {
                break how(status);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break How::TimeUp;
            }
            await_text(&mut [&mut output, &mut errors], left.min(LOOK));
        };
        // Output written before the end is in the pipes. Later output is ignored: a grandchild may keep the pipes
        // open.
        while Instant::now() < deadline && await_text(&mut [&mut output, &mut errors], Duration::ZERO) {}
        let took = started.elapsed();
        Ok(Ended { how, output: output.into_text(), errors: errors.into_text(), took })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it was reaped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls the open pipes and reads available data once; returns whether there was any data or an end.
fn await_text(tails: &mut [&mut Tail], wait: Duration) -> bool {
    let ready: Vec<bool> = {
        let mut pipes: Vec<PollFd<'_>> = tails
            .iter()
            .filter_map(|tail| tail.pipe())
            .map(|pipe| PollFd::new(pipe, PollFlags::IN))
            .collect();
        let wait = Timespec::try_from(wait).ok();
        // Interrupted or failed: nothing is ready, and the caller polls again until its deadline.
        match poll(&mut pipes, wait.as_ref()) {
            Ok(_) => pipes.iter().map(|pipe| !pipe.revents().is_empty()).collect(),
            Err(_) => Vec::new(),
        }
    };
    let open = tails.iter_mut().filter(|tail| tail.pipe().is_some());
    let mut any = false;
    for (tail, _) in open.zip(ready).filter(|(_, is_ready)| *is_ready) {
        tail.read_once();
        any = true;
    }
    any
}

fn how(status: ExitStatus) -> How {
    match (status.code(), status.signal()) {
        (Some(code), _) => How::Exited(code),
        (None, signal) => How::Killed(signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
