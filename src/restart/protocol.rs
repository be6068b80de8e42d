//! The words of the protocol: what is asked of a restart, what it tells meanwhile, how it can end.

use crate::node::Interrupt;
use crate::restart::diagnosis::Explanation;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the manifest gets into place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As a move, while a second API server takes the connections.
    Surge,
    /// Out of the kubelet's directory, and in again when the kubelet has finished with the old pod.
    Move,
    /// By one atomic exchange in place; the kubelet does the rest in its own time.
    Rewrite,
}

impl Method {
    /// The word of the option and of the machine output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Surge => "surge",
            Method::Move => "move",
            Method::Rewrite => "rewrite",
        }
    }
}

/// What is asked of a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How the manifest gets into place.
    pub method: Method,
    /// How long the old API server may go on after it has closed its listener; `None`: the pod's own grace period.
    pub drain: Option<Duration>,
    /// How long to wait for health and proof.
    pub timeout: Duration,
    /// Go on although the API server is not healthy before.
    pub was_healthy: bool,
}

/// Who is told how a restart goes on.
pub trait Listener {
    /// A step begins.
    fn step(&mut self, text: &str);

    /// Something is still waited for: what, for how long, and what is normal.
    fn waiting(&mut self, what: &str, since: Duration, normal: &str);
}

/// Why a restart did not go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What happened, one sentence without a final full stop.
    pub words: String,
    /// What to do, and what the container and the kubelet said last.
    pub help: Vec<String>,
    /// The signal that ended it, if one did.
    pub interrupt: Option<Interrupt>,
    /// The manifest that somebody else changed meanwhile: it is not touched any more.
    pub foreign: Option<PathBuf>,
}

impl Cause {
    /// A cause in words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), help: Vec::new(), interrupt: None, foreign: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, step: impl Into<String>) -> Self {
        self.help.push(step.into());
        self
    }

    /// Adds what the last words of a container and of the kubelet tell.
    #[must_use]
    pub(super) fn explained(mut self, explanation: Option<&Explanation>) -> Self {
        if let Some(Explanation { words, hint, evidence, .. }) = explanation {
            self.help.push(words.clone());
            self.help.extend(hint.map(str::to_owned));
            self.help.push(format!("it said: {evidence}"));
        }
        self
    }

    /// Somebody else's change of `manifest`.
    #[must_use]
    pub(super) fn foreign(manifest: &Path, words: impl Into<String>) -> Self {
        let cause = Self { foreign: Some(manifest.to_owned()), ..Self::new(words) };
        cause.help("what is there is left as it is: look at it before anything else")
    }

    /// The end that a signal asked for.
    #[must_use]
    pub fn interrupted(interrupt: Interrupt) -> Self {
        let name = match interrupt {
            Interrupt::Int => "SIGINT",
            Interrupt::Term => "SIGTERM",
        };
        Self { interrupt: Some(interrupt), ..Self::new(format!("{name} asked for the end")) }
    }
}

impl From<anyhow::Error> for Cause {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// How a restart ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As asked, healthy and proven.
    Done(Done),
    /// The API server was not touched, and everything is as before.
    Refused(Cause),
    /// As before, and healthy again.
    RolledBack {
        /// Why.
        cause: Cause,
        /// How long no API server was ready.
        unavailable: Duration,
    },
    /// Neither; the journal stays.
    Stuck {
        /// What failed first.
        cause: Cause,
        /// What kept the way back from its end, where it was tried.
        undoing: Option<Cause>,
    },
}

/// A restart that went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How long no API server was ready, for clients of the node's address.
    pub unavailable: Duration,
    /// How long none was for those of a surge who use an address that only the node itself uses: the loopback address, or
    /// the only one on which the API server listens.
    pub unavailable_to_itself: Option<Duration>,
    /// Where the events are that the surge pod logged on the host.
    pub surge_log: Option<PathBuf>,
    /// Whether the old API server was ended early, as asked.
    pub killed: bool,
    /// The process that runs now.
    pub pid: Option<i32>,
    /// What was proven.
    pub proven: Proven,
    /// Something that is left to tidy up, and why; the next run does it.
    pub untidy: Option<String>,
}

/// What was proven of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// The event of this `Audit-ID` was found in the log.
    Event(String),
    /// There is nothing to prove: audit logging is off.
    Off,
    /// It could not be proven, and why.
    Unverifiable(String),
    /// Events go to the webhook alone; its receiver should have the event of this `Audit-ID` within this time.
    WebhookOnly(String, Duration),
}

impl Proven {
    /// Why nothing is proven, where something could be expected to be; half a sentence.
    #[must_use]
    pub fn unproven(&self) -> Option<String> {
        match self {
            Proven::Event(_) | Proven::Off => None,
            Proven::Unverifiable(why) => Some(why.clone()),
            Proven::WebhookOnly(id, patience) => Some(format!(
                "events go to the webhook alone; its receiver should have the event of auditID {id} within {} s",
                patience.as_secs()
            )),
        }
    }

    /// The `Audit-ID` of the event that the webhook's receiver should have.
    #[must_use]
    pub fn sent_event(&self) -> Option<&str> {
        match self {
            Proven::WebhookOnly(id, _) => Some(id),
            Proven::Event(_) | Proven::Off | Proven::Unverifiable(_) => None,
        }
    }
}
