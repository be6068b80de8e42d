//! The table of causes: what API servers and kubelets say, and what it means.
//!
//! The lines that it was made from are recorded in `tests/diagnosis/`, of real failed starts of 1.33 and 1.36.

mod container;
mod kubelet;

pub(super) use container::CONTAINER;
pub(super) use kubelet::KUBELET;

/// One cause and how it is told.
#[derive(Debug)]
pub(super) struct Rule {
    /// The id of the diagnostic: stable, for programs.
    pub(super) id: &'static str,
    /// A line that contains all of these says so.
    pub(super) parts: &'static [&'static str],
    /// What is wrong.
    pub(super) message: &'static str,
    /// What to do; empty where nothing general can be said.
    pub(super) help: &'static str,
}

const fn rule(
    id: &'static str,
    parts: &'static [&'static str],
    message: &'static str,
    help: &'static str,
) -> Rule {
    Rule { id, parts, message, help }
}
