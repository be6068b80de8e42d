//! The files that the API server reads when it starts: whether what is there now is in force. Pure.

use super::configured::Configured;
use super::running::{Running, shown};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// A process reads its files right after its start, and the start is told to the second: what changed this soon after
/// it was there in time or is about to be noticed by whoever changed it.
const START_TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// The files that the API server reads when it starts, and never again.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// What is configured.
    pub(super) configured: &'a Configured,
    /// What runs.
    pub(super) running: &'a Running,
}

impl Inputs<'_> {
    pub(super) fn changed(self, path: &Path) -> Option<Timestamp> {
        if self.configured.policy.as_deref() == Some(path) {
            self.running.policy_changed
        } else {
            self.running.webhook_changed
        }
    }

    /// Whether a file is not the one that kaudit wrote; `None`: kaudit's records do not tell.
    fn is_edited(self, path: &Path) -> Option<bool> {
        if self.configured.inputs_are_as_written()? {
            return Some(false);
        }
        let history = &self.configured.observed.history;
        Some(
            history.last_written(path).is_none()
                || history.was_edited(path, self.configured.observed.file(path)),
        )
    }

    /// Whether a file was touched after the API server had read it.
    fn is_younger(self, path: &Path) -> Option<bool> {
        let since = self.running.api_servers.last()?.since;
        let limit = since.saturating_add(START_TOLERANCE).unwrap_or(since);
        Some(self.changed(path)? > limit)
    }

    /// Whether the running API server has read the file as it is; `None`: no API server runs, or it is not told.
    pub(super) fn is_in_force(self, path: &Path) -> Option<bool> {
        match (self.is_younger(path)?, self.is_edited(path)) {
            (false, _) | (true, Some(false)) => Some(true),
            (true, Some(true)) => Some(false),
            (true, None) => None,
        }
    }

    /// What of them is not what it should be, in plain words.
    pub(super) fn drift(self) -> Vec<String> {
        self.configured.inputs().filter_map(|path| self.drift_of(path)).collect()
    }

    fn drift_of(self, path: &Path) -> Option<String> {
        let shown_path = path.display();
        let changed = shown(self.changed(path)?);
        match (self.is_edited(path), self.is_younger(path)) {
            (Some(true), Some(true)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: not in force; kaudit restart takes it"
            )),
            (Some(true), Some(false)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: in force since the API server was started after that"
            )),
            (Some(true), None) => Some(format!(
                "{shown_path} was edited by hand at {changed}: the API server reads it when it starts"
            )),
            (None, Some(true)) => Some(format!(
                "{shown_path} was changed at {changed}, after the API server had read it: what changed is not in force; kaudit restart takes it"
            )),
            (Some(false) | None, _) => None,
        }
    }

    /// One of them, for people.
    pub(super) fn line(self, label: &str, path: Option<&Path>) -> Option<String> {
        let path = path?;
        let state = match (self.changed(path), self.is_in_force(path)) {
            (None, _) => " (not there)".to_owned(),
            (Some(changed), Some(true)) => format!(" (of {}, in force)", shown(changed)),
            (Some(changed), Some(false)) => format!(" (of {}, not in force)", shown(changed)),
            (Some(changed), None) => format!(" (of {})", shown(changed)),
        };
        Some(format!("{label}{}{state}", path.display()))
    }
}
