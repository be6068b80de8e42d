//! What a change of a node led to.

use serde::Serialize;

/// What was verified after writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Every written file was read again and has the planned content.
    pub on_disk: bool,
    /// The pid of the new API server, which was started with the planned arguments.
    pub process: Option<i32>,
    /// It was live and ready without interruption for some seconds.
    pub healthy: bool,
    /// The `Audit-ID` of the request whose event was found in the log.
    pub audit_event: Option<String>,
    /// The `Audit-ID` of the request whose event was sent to the webhook, if events are not logged to a file.
    pub sent_event: Option<String>,
    /// Why no event was found in the log although one was expected.
    pub unproven: Option<String>,
}

/// How the API server was restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Restarted {
    /// `surge`, `move`, `rewrite` or `none`.
    pub method: &'static str,
    /// Whether it was restarted.
    pub performed: bool,
    /// How long no API server was ready, in milliseconds; during a surge: for clients of the node's address.
    pub unavailable_ms: u64,
    /// The same for clients on the node during a surge, which use its loopback addresses or the only address on which the API
    /// server listens.
    pub unavailable_to_itself_ms: Option<u64>,
    /// The log with the events of the second API server of a surge.
    pub surge_log: Option<String>,
    /// Whether the old API server was ended before its grace period was over, because of `--drain`.
    pub ended_early: bool,
    /// Whether the previous state was restored.
    pub rolled_back: bool,
}

impl Default for Restarted {
    fn default() -> Self {
        Self {
            method: "none",
            performed: false,
            unavailable_ms: 0,
            unavailable_to_itself_ms: None,
            surge_log: None,
            ended_early: false,
            rolled_back: false,
        }
    }
}
