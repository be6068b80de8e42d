//! The result of planning, which a change shows, checks and applies.

use crate::manifest::Manifest;
use crate::plan::{Observed, Plan};

/// A plan and what it was made from.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The present manifest.
    pub(super) manifest: Manifest,
    /// The number of the generation that it makes.
    pub(super) number: u64,
    /// Lines about the result, with `--verbose`.
    pub lines: Vec<String>,
}

impl Planned {
    pub(super) fn of(plan: Plan, manifest: Manifest, observed: &Observed) -> Self {
        Self { plan, manifest, number: observed.history.newest() + 1, lines: Vec::new() }
    }
}
