//! What a change of a node led to.

use serde::Serialize;

/// What was checked after writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Every written file was read again and is as planned.
    pub on_disk: bool,
    /// The pid of the API server that was witnessed: new, and started with the planned words.
    pub process: Option<i32>,
    /// It answered that it lives and is ready, without a break for some seconds.
    pub healthy: bool,
    /// The `Audit-ID` of the request whose event was found in the log.
    pub audit_event: Option<String>,
    /// The `Audit-ID` of the request whose event the webhook's receiver should have, where events go there alone.
    pub sent_event: Option<String>,
    /// Why there is no event in the log, where one could be expected.
    pub unproven: Option<String>,
}

/// What became of the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Restarted {
    /// `surge`, `move`, `rewrite` or `none`.
    pub method: &'static str,
    /// Whether it was restarted.
    pub performed: bool,
    /// How long no API server was ready, in milliseconds; of a surge: for clients of the node's address.
    pub unavailable_ms: u64,
    /// The same for those of a surge who use what only the node itself uses: its loopback addresses, or the only address on
    /// which the API server listens.
    pub unavailable_to_itself_ms: Option<u64>,
    /// Where the events are that the second API server of a surge logged.
    pub surge_log: Option<String>,
    /// Whether the old one was ended before its grace period was over, as `--drain` asks.
    pub ended_early: bool,
    /// Whether the state before was put back.
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
