//! The measured number and size of events that the presets log for public audit logs.

use crate::policy::presets::preset::Preset;
use serde::Serialize;

/// The figures, one line per preset; the comment at the top of the file describes them.
const FIGURES: &str = include_str!("measured.txt");

/// What a preset logs of the requests in public audit logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// How many requests.
    pub requests: u64,
    /// How many events it logs of them.
    pub events: u64,
    /// What these take in the log file, in bytes.
    pub bytes: u64,
    /// It would take more: the public logs lack bodies that it logs.
    pub is_least: bool,
}

impl Preset {
    /// The figures of this preset. A test checks that every preset has them.
    #[must_use]
    pub fn measured(&self) -> Option<Measured> {
        let mut lines = FIGURES.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find_map(|words| match words.as_slice() {
            [name, requests, events, bytes, kind] if *name == self.name => Some(Measured {
                requests: requests.parse().ok()?,
                events: events.parse().ok()?,
                bytes: bytes.parse().ok()?,
                is_least: *kind == "least",
            }),
            _ => None,
        })
    }
}
