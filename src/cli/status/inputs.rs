//! The files that the API server reads when it starts: whether their current content is in effect. Pure.

use super::configured::Configured;
use super::running::{Running, shown};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::Path;

/// A process reads its files directly after its start, and its start time has a resolution of a second. A file that changed
/// within this time after the start counts as read.
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
    fn changed(self, path: &Path) -> Option<Timestamp> {
        if self.configured.policy.as_deref() == Some(path) {
            self.running.policy_changed
        } else {
            self.running.webhook_changed
        }
    }

    /// Whether a file differs from the one that kaudit wrote; `None`: kaudit has no record of it.
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

    /// Whether a file was modified after the API server had read it.
    fn is_younger(self, path: &Path) -> Option<bool> {
        let since = self.running.api_servers.last()?.since;
        let limit = since.saturating_add(START_TOLERANCE).unwrap_or(since);
        Some(self.changed(path)? > limit)
    }

    /// Whether the running API server has read the current content; `None`: no API server runs, or it is unknown.
    fn is_in_force(self, path: &Path) -> Option<bool> {
        match (self.is_younger(path)?, self.is_edited(path)) {
            (false, _) | (true, Some(false)) => Some(true),
            (true, Some(true)) => Some(false),
            (true, None) => None,
        }
    }

    /// The differences of these files.
    pub(super) fn drift(self) -> Vec<String> {
        self.configured.inputs().filter_map(|path| self.drift_of(path)).collect()
    }

    fn drift_of(self, path: &Path) -> Option<String> {
        let shown_path = path.display();
        let changed = shown(self.changed(path)?);
        match (self.is_edited(path), self.is_younger(path)) {
            (Some(true), Some(true)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: not in effect until kaudit restart"
            )),
            (Some(true), Some(false)) => Some(format!(
                "{shown_path} was edited by hand at {changed}: in effect, because the API server was started later"
            )),
            (Some(true), None) => Some(format!(
                "{shown_path} was edited by hand at {changed}: the API server will read it when it starts"
            )),
            (None, Some(true)) => Some(format!(
                "{shown_path} was modified at {changed}, after the API server had read it: changes are not in effect until kaudit restart"
            )),
            (Some(false) | None, _) => None,
        }
    }

    /// One of them, for programs.
    pub(super) fn describe(self, path: Option<&Path>) -> Value {
        let Some(path) = path else { return Value::Null };
        json!({
            "path": path,
            "changed": self.changed(path).map(shown),
            "inForce": self.is_in_force(path),
        })
    }

    /// One of them, for people.
    pub(super) fn line(self, label: &str, path: Option<&Path>) -> Option<String> {
        let path = path?;
        let state = match (self.changed(path), self.is_in_force(path)) {
            (None, _) => " (does not exist)".to_owned(),
            (Some(changed), Some(true)) => format!(" (modified {}, in effect)", shown(changed)),
            (Some(changed), Some(false)) => format!(" (modified {}, not in effect)", shown(changed)),
            (Some(changed), None) => format!(" (modified {})", shown(changed)),
        };
        Some(format!("{label}{}{state}", path.display()))
    }
}
