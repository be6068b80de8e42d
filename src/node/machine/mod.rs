//! The live node as a restart uses it: processes, answers of the API server, time. It is a trait, so that tests can
//! use a simulated kubelet and a virtual clock.

mod live;

pub use live::{Live, RestartTarget};

use super::{Answer, Ask, Effects, Interrupt, Node, Process, Rule};
use anyhow::Result;
use std::time::Duration;

/// Everything that a restart does with a node: changes to files, and the observation of their effects.
pub trait Machine: Effects {
    /// The node, for reading its files.
    fn node(&self) -> &Node;

    /// The kube-apiserver processes of this node's kubelet, oldest first.
    ///
    /// # Errors
    /// The process table cannot be read.
    fn api_servers(&mut self) -> Result<Vec<Process>>;

    /// Whether the directory of the pod `uid` still exists: the kubelet removes it when the pod is terminated.
    ///
    /// # Errors
    /// The directory cannot be accessed.
    fn has_pod_directory(&mut self, uid: &str) -> Result<bool>;

    /// Sends one request to the API server.
    fn ask(&mut self, ask: &Ask) -> Answer;

    /// Waits at most `limit` until `process` has ended. Returns whether it has.
    ///
    /// # Errors
    /// The process cannot be waited for.
    fn wait_for_exit(&mut self, process: &Process, limit: Duration) -> Result<bool>;

    /// Kills `process` with SIGKILL, if it still runs.
    ///
    /// # Errors
    /// The process cannot be killed.
    fn kill(&mut self, process: &Process) -> Result<()>;

    /// The last log lines of the API server's container in the pod `pod` with `uid` (`None`: the newest one since the
    /// start of the run) and of the kubelet about the pod. Empty if nothing is found: the lines are only used for a
    /// diagnosis.
    fn last_words(&mut self, pod: &str, uid: Option<&str>) -> LastWords;

    /// Redirects new connections that match `rule` to `server`, which listens on `port`, until
    /// [`Machine::stop_steering`] or the end of kaudit. Existing connections are not affected.
    ///
    /// # Errors
    /// The kernel does not allow it, or no socket listens there.
    fn steer(&mut self, server: &Process, port: u16, rule: &Rule) -> Result<()>;

    /// Sets whether own connections are exempt ([`Rule::exempt_own`]); without steering this does nothing.
    ///
    /// # Errors
    /// The kernel does not allow it.
    fn exempt_own(&mut self, exempt: bool) -> Result<()>;

    /// Ends the steering. Returns whether there was any.
    fn stop_steering(&mut self) -> bool;

    /// A random UUID, for a unique `Audit-ID`.
    ///
    /// # Errors
    /// The kernel does not provide one.
    fn fresh_id(&mut self) -> Result<String>;

    /// Sleeps between two checks of a condition.
    fn pause(&mut self, duration: Duration);

    /// The time since a fixed moment before the run; it never decreases.
    fn clock(&self) -> Duration;

    /// The signal that requested the end of the run, if any.
    fn interrupt(&self) -> Option<Interrupt>;
}

/// The last log lines about an API server that did not start, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWords {
    /// Lines of its container.
    pub container: Vec<String>,
    /// Lines of the kubelet about its pod.
    pub kubelet: Vec<String>,
}
