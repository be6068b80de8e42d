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
    /// See [`super::diagnosis::Explanation::id`].
    pub(super) id: &'static str,
    /// A line that contains all of these says so.
    pub(super) parts: &'static [&'static str],
    /// What is wrong.
    pub(super) words: &'static str,
    /// What to do; empty where nothing general can be said.
    pub(super) hint: &'static str,
}

const fn rule(
    id: &'static str,
    parts: &'static [&'static str],
    words: &'static str,
    hint: &'static str,
) -> Rule {
    Rule { id, parts, words, hint }
}
