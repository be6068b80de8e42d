//! The live node as a restart sees it: processes, the API server's answers, time. One trait, so that tests can put a
//! simulated kubelet and a virtual clock in its place.

mod live;

pub use live::{Live, Subject};

use super::{Answer, Ask, Effects, Interrupt, Node, Process, Rule};
use anyhow::Result;
use std::time::Duration;

/// Everything that a restart does with a node beyond planning: the effects on files, and what follows from them.
pub trait Machine: Effects {
    /// The node's files, for reading.
    fn node(&self) -> &Node;

    /// The kube-apiserver processes of this node's own kubelet, oldest first.
    ///
    /// # Errors
    /// The process table cannot be read.
    fn api_servers(&mut self) -> Result<Vec<Process>>;

    /// Whether the kubelet still keeps the directory of the pod `uid`: it goes when the kubelet has finished with it.
    ///
    /// # Errors
    /// The directory cannot be looked at.
    fn has_pod_directory(&mut self, uid: &str) -> Result<bool>;

    /// One request to the API server.
    fn ask(&mut self, ask: &Ask) -> Answer;

    /// Waits until `process` has ended, at most `limit`, and says whether it has.
    ///
    /// # Errors
    /// It cannot be waited for.
    fn wait_for_exit(&mut self, process: &Process, limit: Duration) -> Result<bool>;

    /// Kills `process` with SIGKILL, if it is still the same; that it has ended is no error.
    ///
    /// # Errors
    /// It cannot be killed.
    fn kill(&mut self, process: &Process) -> Result<()>;

    /// What the API server's container in the pod called `pod` with `uid` (`None`: in the newest one since the run began)
    /// and the kubelet said last. Nothing where nothing is found: it is asked for an explanation.
    fn last_words(&mut self, pod: &str, uid: Option<&str>) -> LastWords;

    /// Lets new connections that `rule` describes go to `server`, which listens on `port`, until
    /// [`Machine::stop_steering`] or the end of kaudit. Connections that are open are not touched.
    ///
    /// # Errors
    /// The kernel does not allow it, or nobody listens there.
    fn steer(&mut self, server: &Process, port: u16, rule: &Rule) -> Result<()>;

    /// Whether the own connections are left alone ([`Rule::exempt_own`]); without steering there is nothing to do.
    ///
    /// # Errors
    /// The kernel does not allow it.
    fn exempt_own(&mut self, exempt: bool) -> Result<()>;

    /// Ends the steering, if there is any, which it says.
    fn stop_steering(&mut self) -> bool;

    /// A random UUID, for an `Audit-ID` that no other request has.
    ///
    /// # Errors
    /// The kernel does not give one.
    fn fresh_id(&mut self) -> Result<String>;

    /// Lets time pass between two looks at a condition.
    fn pause(&mut self, duration: Duration);

    /// Time since some fixed moment before the run; it never goes back.
    fn clock(&self) -> Duration;

    /// The signal that asked for the run's end, if one did.
    fn interrupt(&self) -> Option<Interrupt>;
}

/// What was said last about an API server that did not come up, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWords {
    /// By its container.
    pub container: Vec<String>,
    /// By the kubelet about its pod.
    pub kubelet: Vec<String>,
}
