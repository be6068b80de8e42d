//! Running a program for its answer: bounded in time, memory and output, always killed and reaped.
//!
//! If kaudit itself is killed meanwhile, the program is nobody's child. It then ends by itself: by the SIGPIPE of its
//! next line, since the pipes have no reader any more, or by its bound of processor time at the latest. (A death signal
//! tied to the parent, `PR_SET_PDEATHSIG`, can only be set between fork and exec, which takes `unsafe`.)

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

/// How long a look at the pipes may last before the process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How much the program yields to others: it runs beside a live API server. Not 19, which leaves it 1.5 % of a busy
/// processor (`sched(7)`), too little to answer in time.
const NICENESS: i32 = 5;

/// Where memory gets scarce, the program goes before anything else does (`proc_pid_oom_score_adj(5)`).
const OOM_SCORE: &str = "1000";

/// A program to run for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The executable's path, as it is seen in `room`.
    pub executable: String,
    /// What it takes for its own name, `argv[0]`.
    pub name: String,
    /// What follows the name.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub confinement: Confinement,
    /// How far it may go.
    pub bounds: Bounds,
}

/// Where a program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confinement {
    /// Where kaudit runs.
    Here,
    /// With the files that another process sees, and without its network: in a copy of its mount namespace and in a
    /// network namespace of its own, which has no interface but a loopback that is down.
    Beside {
        /// That process.
        pid: i32,
        /// Name and content of files to find in [`SCRATCH`](crate::node::SCRATCH), which is a file system in memory that nobody else sees
        /// and that is gone with the program.
        files: Vec<(String, Vec<u8>)>,
    },
}

/// How far a program may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long it may take; as much processor time is its own limit, whoever watches it.
    pub time: Duration,
    /// Bytes of memory that it may write to (`RLIMIT_DATA`).
    pub memory: u64,
    /// Bytes that are kept of the end of each of its outputs.
    pub output: usize,
}

/// What came of it.
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
    /// By itself, with this status.
    Exited(i32),
    /// By a signal that kaudit did not send.
    Killed(i32),
    /// By kaudit, when its time was up.
    TimeUp,
    /// It never ran, and why.
    NotStarted(String),
}

impl Node {
    /// Runs a program of the live node to its end or to its bounds.
    #[must_use]
    pub fn try_program(program: &Program) -> Ended {
        let started = Instant::now();
        let result = start(program).and_then(|child| {
            Running { child }.watch(started, program.bounds).map_err(|error| format!("it was lost: {error}"))
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
        // Namespaces and niceness belong to a thread, and a child has those of the thread that makes it. The thread
        // ends here, and the rest of kaudit never leaves the node's own namespaces.
        Confinement::Container { pid, files } => thread::scope(|scope| {
            let made = scope.spawn(|| {
                namespaces::enter(*pid, files)?;
                setpriority_process(None, NICENESS)
                    .map_err(|error| format!("it cannot be made nice: {error}"))?;
                spawn()
            });
            made.join().unwrap_or_else(|_| Err("its thread ended".to_owned()))
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
        // A Ctrl-C is for kaudit, which ends the program itself.
        .process_group(0);
    command
}

/// Bounds the process from outside, some microseconds after its start. It may have ended already, and then there is
/// nothing to bound.
fn limit(child: &Child, bounds: Bounds) {
    // Without a pid, prlimit(2) would bound kaudit itself.
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let seconds = bounds.time.as_secs().saturating_add(1);
    for (resource, value) in [(Resource::Data, bounds.memory), (Resource::Cpu, seconds), (Resource::Core, 0)]
    {
        let _ = prlimit(Some(pid), resource, Rlimit { current: Some(value), maximum: Some(value) });
    }
    // proc(5) takes a plain write; nothing of it is on a disk.
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), OOM_SCORE);
}

/// A child that does not outlive its value.
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
        // What it wrote before it ended is in the pipes. No more is awaited: a child of its own may hold them open.
        while Instant::now() < deadline && await_text(&mut [&mut output, &mut errors], Duration::ZERO) {}
        let took = started.elapsed();
        Ok(Ended { how, output: output.into_text(), errors: errors.into_text(), took })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has been reaped, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for text in the open ones of these pipes and reads it once; says whether there was any (or an end).
fn await_text(tails: &mut [&mut Tail], wait: Duration) -> bool {
    let ready: Vec<bool> = {
        let mut pipes: Vec<PollFd<'_>> = tails
            .iter()
            .filter_map(|tail| tail.pipe())
            .map(|pipe| PollFd::new(pipe, PollFlags::IN))
            .collect();
        let wait = Timespec::try_from(wait).ok();
        // Interrupted or failed: nothing is ready, and the caller looks again until its deadline.
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
