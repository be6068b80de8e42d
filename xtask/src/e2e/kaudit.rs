//! kaudit, run as an operator on the node runs it.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::api_server::ApiServer;
use super::files::STATE;
use crate::json_schema::check_output;
use crate::node::wait::wait_for;
use crate::shell::project::Project;

/// Where the cases let the API server log.
pub(super) const LOG: &str = "/var/log/kubernetes/audit/audit.log";
/// The options of most cases. With a short drain a move takes seconds.
pub(super) const DRAIN: [&str; 5] = ["--yes", "--restart", "move", "--drain", "2s"];

/// No run takes longer, including the waits that the cases configure.
const RUN_LIMIT: Duration = Duration::from_mins(8);
/// From `nsenter` to kaudit.
const START_LIMIT: Duration = Duration::from_secs(10);
/// Short against a phase of a restart.
const PAUSE: Duration = Duration::from_millis(1);

/// Runs kaudit on the node to its end.
///
/// # Errors
///
/// When it cannot be started, or does not end.
pub(super) fn kaudit(api_server: &ApiServer<'_>, arguments: &[&str]) -> Result<Ending> {
    Run::start(api_server, arguments)?.wait()
}

/// Runs kaudit on the node to its end, and takes its JSON object.
///
/// # Errors
///
/// When it does not end with `code`, or with an object with other values.
pub(super) fn kaudit_json(api_server: &ApiServer<'_>, code: i32, arguments: &[&str]) -> Result<Value> {
    let ending = kaudit(api_server, &[arguments, &["--output", "json"]].concat())?.expect(code)?;
    let report = ending.json()?;
    let said = report.get("code");
    ensure!(said == Some(&code.into()), "the exit code is {code}, but the report says {said:?}");
    Ok(report)
}

/// The phase that the journal is in; none without a journal.
pub(super) fn phase(api_server: &ApiServer<'_>) -> Option<String> {
    Some(journal(api_server)?.get("phase")?.as_str()?.to_owned())
}

/// The journal of a run in progress.
pub(super) fn journal(api_server: &ApiServer<'_>) -> Option<Value> {
    let journal = fs::read(api_server.path(STATE).join("journal")).ok()?;
    serde_json::from_slice(&journal).ok()
}

/// A run in progress.
pub(super) struct Run {
    line: String,
    /// `nsenter`, whose only child is kaudit.
    child: Child,
    begin: Instant,
    stdout: Option<JoinHandle<io::Result<String>>>,
    stderr: Option<JoinHandle<io::Result<String>>>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ending {
    line: String,
    /// As in a shell: 128 plus the number for a signal.
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Run {
    /// Starts one. Everything that it prints is kept.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(super) fn start(api_server: &ApiServer<'_>, arguments: &[&str]) -> Result<Run> {
        let mut run = Run::start_unheard(api_server, arguments)?;
        run.stdout = run.child.stdout.take().map(listen);
        run.stderr = run.child.stderr.take().map(listen);
        Ok(run)
    }

    /// Starts a run whose pipes are not read; [`Run::hang_up`] closes them.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(super) fn start_unheard(api_server: &ApiServer<'_>, arguments: &[&str]) -> Result<Run> {
        let line = format!("kaudit {}", arguments.join(" "));
        let mut command = api_server.node.command("kaudit");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().with_context(|| format!("starting `{line}`"))?;
        Ok(Run { line, child, begin: Instant::now(), stdout: None, stderr: None })
    }

    /// Closes the reading ends of its pipes.
    pub(super) fn hang_up(&mut self) {
        drop(self.child.stdout.take());
        drop(self.child.stderr.take());
    }

    /// Sends kaudit a signal, as soon as it runs; false when it has ended already.
    ///
    /// # Errors
    ///
    /// When it does not begin.
    pub(super) fn signal(&mut self, signal: Signal) -> Result<bool> {
        let Some(pid) = self.pid()? else { return Ok(false) };
        Ok(kill(pid, signal).is_ok())
    }

    /// The process id of kaudit outside the node; none when it has ended.
    ///
    /// # Errors
    ///
    /// When it does not begin.
    pub(super) fn pid(&mut self) -> Result<Option<Pid>> {
        let parent = self.child.id();
        let begin = Instant::now();
        while !self.is_over()? {
            let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
                .context("asking for nsenter's child")?;
            for pid in children.split_whitespace() {
                if runs_kaudit(pid) {
                    return Ok(Some(Pid::from_raw(pid.parse().context("reading a process id")?)));
                }
            }
            ensure!(begin.elapsed() < START_LIMIT, "`{}` does not begin", self.line);
            thread::sleep(PAUSE);
        }
        Ok(None)
    }

    /// Whether it has ended.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub(super) fn is_over(&mut self) -> Result<bool> {
        Ok(self.child.try_wait().with_context(|| format!("watching `{}`", self.line))?.is_some())
    }

    /// Waits until `is_time`, asked every millisecond; false when the run ended before.
    ///
    /// # Errors
    ///
    /// When neither comes.
    pub(super) fn wait_until(&mut self, what: &str, mut is_time: impl FnMut() -> bool) -> Result<bool> {
        while !is_time() {
            if self.is_over()? {
                return Ok(false);
            }
            ensure!(self.begin.elapsed() < RUN_LIMIT, "`{}` has no {what} after {RUN_LIMIT:?}", self.line);
            thread::sleep(PAUSE);
        }
        Ok(true)
    }

    /// Waits until its journal is in `phase`; false when the run ended before.
    ///
    /// # Errors
    ///
    /// When neither comes.
    pub(super) fn wait_for_phase(&mut self, api_server: &ApiServer<'_>, awaited: &str) -> Result<bool> {
        self.wait_until(awaited, || phase(api_server).is_some_and(|phase| phase == awaited))
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not come; kaudit is killed then.
    pub(super) fn wait(mut self) -> Result<Ending> {
        while !self.is_over()? {
            if self.begin.elapsed() > RUN_LIMIT {
                self.signal(Signal::SIGKILL)?;
                bail!("`{}` has not ended after {RUN_LIMIT:?}", self.line);
            }
            thread::sleep(PAUSE);
        }
        let status = self.child.wait().with_context(|| format!("waiting for `{}`", self.line))?;
        let code = status.code().or(status.signal().map(|signal| 128 + signal));
        let code = code.with_context(|| format!("`{}` ended with {status}", self.line))?;
        let (stdout, stderr) = (heard(self.stdout)?, heard(self.stderr)?);
        Ok(Ending { line: self.line, code, stdout, stderr })
    }
}

impl Ending {
    /// Itself, where it is as expected.
    ///
    /// # Errors
    ///
    /// When the code is another; the error has what was printed.
    pub(super) fn expect(self, code: i32) -> Result<Ending> {
        let Ending { line, code: actual, stdout, stderr, .. } = &self;
        ensure!(*actual == code, "`{line}` ended with {actual}, not with {code}:\n{stdout}\n{stderr}");
        Ok(self)
    }

    /// The one object on stdout, which fits the schema of its command.
    ///
    /// # Errors
    ///
    /// When there is something else.
    pub(super) fn json(&self) -> Result<Value> {
        let Ending { line, stdout, code, .. } = self;
        check_schema(line, *code, stdout)?;
        serde_json::from_str(stdout).with_context(|| format!("`{line}` printed no JSON, but:\n{stdout}"))
    }
}

/// Validates the output of a command line by its schema in `docs/schema`.
///
/// # Errors
///
/// When it does not fit.
pub(super) fn check_schema(line: &str, code: i32, stdout: &str) -> Result<()> {
    let schemas = Project::find()?.root.join("docs/schema");
    let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
    check_output(&schemas, &arguments, code, stdout).map_err(|why| anyhow!("`{line}`: {why}:\n{stdout}"))
}

/// Whether the process is kaudit. nsenter's child is nsenter for a moment.
fn runs_kaudit(pid: &str) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| Path::new(&program).ends_with("kaudit"))
}

fn listen(mut pipe: impl Read + Send + 'static) -> JoinHandle<io::Result<String>> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text)?;
        Ok(text)
    })
}

fn heard(listener: Option<JoinHandle<io::Result<String>>>) -> Result<String> {
    let Some(listener) = listener else { return Ok(String::new()) };
    // kaudit has ended. A process that still holds its pipes is one that kaudit left behind.
    wait_for("the end of kaudit's output", START_LIMIT, || Ok(listener.is_finished().then_some(())))?;
    let Ok(text) = listener.join() else { bail!("a listener has panicked") };
    text.context("reading what kaudit printed")
}
