//! Known errors in the logs of API servers and kubelets, and what they mean.
//!
//! The table was made from the lines in `tests/diagnosis/`, recorded from real failed starts of 1.33 and 1.36.

mod container;
mod kubelet;

pub(super) use container::CONTAINER;
pub(super) use kubelet::KUBELET;

/// One known error and its diagnostic.
#[derive(Debug)]
pub(super) struct Rule {
    /// The id of the diagnostic: stable, for programs.
    pub(super) id: &'static str,
    /// It applies to a line that contains all of these.
    pub(super) parts: &'static [&'static str],
    /// What is wrong.
    pub(super) message: &'static str,
    /// What to do; empty where there is no general advice.
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
