//! The options of a restart, the progress that it reports, and its outcomes.

use crate::diagnostic::Diagnostic;
use crate::node::Interrupt;
use crate::restart::diagnosis;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the manifest gets into place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Like a move, while a second API server takes the connections.
    Surge,
    /// The old one is moved out of the kubelet's directory; the new one is moved in when the old pod is gone.
    Move,
    /// By one atomic exchange in place; when the kubelet restarts the pod is up to the kubelet.
    Rewrite,
}

impl Method {
    /// The name in options and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Surge => "surge",
            Method::Move => "move",
            Method::Rewrite => "rewrite",
        }
    }
}

/// The options of a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How the manifest gets into place.
    pub method: Method,
    /// How long the old API server may run after it has closed its listener; `None`: the pod's own grace period.
    pub drain: Option<Duration>,
    /// How long to wait until the API server is healthy and verified.
    pub timeout: Duration,
    /// Whether the API server was healthy before; if not, a rollback does not wait for that.
    pub was_healthy: bool,
}

/// Receives the progress of a restart.
pub trait Listener {
    /// A step begins.
    fn step(&mut self, text: &str);

    /// The run waits for `what` since `since`; `normal` is the usual time.
    fn waiting(&mut self, what: &str, since: Duration, normal: &str);
}

/// Why a restart failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What happened, what to do, and what the container or the kubelet logged last.
    pub diagnostic: Diagnostic,
    /// The signal that ended it, if one did.
    pub interrupt: Option<Interrupt>,
    /// Whether another program or person changed the manifest meanwhile: it is not touched any more.
    pub is_foreign: bool,
}

impl Cause {
    /// A cause with only its message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic::error(message).into()
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(self, step: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.help(step), ..self }
    }

    /// `message`, with the reason found in the last log lines of the container and the kubelet, if there is one.
    #[must_use]
    pub(super) fn explained(message: &str, reason: Option<Diagnostic>) -> Self {
        reason.map_or_else(|| Self::new(message), |reason| diagnosis::explain(message, reason).into())
    }

    /// A change of `manifest` by another program or person.
    #[must_use]
    pub(super) fn foreign(manifest: &Path, message: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::error(message)
            .in_file(manifest.display().to_string())
            .help("the file is left as it is: inspect it before you run kaudit again");
        Self { diagnostic, interrupt: None, is_foreign: true }
    }

    /// The run was stopped by a signal.
    #[must_use]
    pub fn interrupted(interrupt: Interrupt) -> Self {
        let name = match interrupt {
            Interrupt::Int => "SIGINT",
            Interrupt::Term => "SIGTERM",
        };
        Self { interrupt: Some(interrupt), ..Self::new(format!("interrupted by {name}")) }
    }
}

impl From<Diagnostic> for Cause {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, interrupt: None, is_foreign: false }
    }
}

impl From<anyhow::Error> for Cause {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

/// How a restart ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The requested state, healthy and verified.
    Done(Done),
    /// The API server was not restarted, and everything is as before.
    Refused(Cause),
    /// The previous state, healthy again.
    RolledBack {
        /// Why.
        cause: Cause,
        /// How long the API server was unavailable.
        unavailable: Duration,
    },
    /// Neither could be verified; the journal stays.
    Stuck {
        /// What failed first.
        cause: Cause,
        /// Why the rollback failed, where one was tried.
        undoing: Option<Cause>,
    },
}

/// A successful restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How long no API server was ready, for clients of the node's address.
    pub unavailable: Duration,
    /// The same, with a surge, for clients that use an address which only the node itself uses: the loopback address, or the
    /// only one on which the API server listens.
    pub unavailable_to_itself: Option<Duration>,
    /// The file with the events that the surge pod logged on the host.
    pub surge_log: Option<PathBuf>,
    /// Whether the old API server was killed before its grace period ended, because of `--drain`.
    pub killed: bool,
    /// The process that runs now.
    pub pid: Option<i32>,
    /// What was verified of the audit log.
    pub proven: Proven,
    /// Why the cleanup is incomplete; the next run completes it.
    pub untidy: Option<String>,
}

/// What was verified of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// The event of this `Audit-ID` was found in the log.
    Event(String),
    /// Nothing to verify: audit logging is off.
    Off,
    /// Logging could not be verified, and why.
    Unverifiable(String),
    /// Events go only to the webhook; its receiver should get the event of this `Audit-ID` within this time.
    WebhookOnly(String, Duration),
}

impl Proven {
    /// Why logging is not verified, where audit logging is on; a clause.
    #[must_use]
    pub fn unproven(&self) -> Option<String> {
        match self {
            Proven::Event(_) | Proven::Off => None,
            Proven::Unverifiable(why) => Some(why.clone()),
            Proven::WebhookOnly(id, patience) => Some(format!(
                "events go only to the webhook; its receiver should get the event with auditID {id} within {} s",
                patience.as_secs()
            )),
        }
    }

    /// The `Audit-ID` of the event that the webhook's receiver should get.
    #[must_use]
    pub fn sent_event(&self) -> Option<&str> {
        match self {
            Proven::WebhookOnly(id, _) => Some(id),
            Proven::Event(_) | Proven::Off | Proven::Unverifiable(_) => None,
        }
    }
}
