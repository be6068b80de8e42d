//! The cases, one file each.

mod builtin;
mod kill;
mod live;
mod offline_enable;
mod outage;
mod presets;
mod refusals;
mod rollback_on_failure;
mod signals;
mod starts;
mod surge;
mod surge_address;
mod surge_failures;
mod surge_kill;
mod webhook;

use anyhow::Result;

use super::trial::Trial;

/// A case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// What it tests.
    pub(super) shows: &'static str,
    pub(super) run: fn(&Trial<'_>) -> Result<()>,
    /// Whether it measures times, and must not run in parallel with another case.
    pub(super) is_alone: bool,
    /// The only release that it runs with when all cases run. Without it the case runs with every release.
    pub(super) only: Option<Only>,
}

/// One release is enough for a case.
#[derive(Debug)]
pub(super) struct Only {
    pub(super) version: &'static str,
    /// Why the result does not depend on the release.
    pub(super) reason: &'static str,
}

impl Case {
    const fn new(name: &'static str, shows: &'static str, run: fn(&Trial<'_>) -> Result<()>) -> Self {
        Self { name, shows, run, is_alone: false, only: None }
    }

    const fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    const fn only(self, version: &'static str, reason: &'static str) -> Self {
        Self { only: Some(Only { version, reason }), ..self }
    }
}

/// All cases, in the order in which they run: the longest first, so that none of them runs alone at the end.
pub(super) const CASES: &[Case] = &[
    Case::new("outage", "a move is shorter than an edit in place", outage::run).alone(),
    // Each release covers a part of the phases.
    Case::new("kill", "killed at any moment, recover, again: never a broken node", kill::run),
    Case::new("signals", "signals, broken pipes, two concurrent runs, a concurrent edit", signals::run)
        .only("1.33.13", "it tests kaudit's own processes; `live` restarts every release in the same way"),
    Case::new("surge", "no client notices a surge, and no event is lost", surge::run),
    Case::new(
        "live",
        "enabled, repeated, changed, restarted, rolled back, edited by hand, disabled: each verified by an event",
        live::run,
    ),
    Case::new(
        "surge-failures",
        "failures during a surge: no client notices, and nothing is left",
        surge_failures::run,
    )
    .only("1.33.13", "kaudit makes every failure; `surge` steers clients of every release"),
    Case::new("surge-kill", "killed at any moment of a surge, recover: nothing is left", surge_kill::run)
        .only("1.36.2", "it is about kaudit's journal; `surge` surges every release"),
    Case::new(
        "surge-address",
        "a surge of an API server that listens on one address, and its neighbour on another",
        surge_address::run,
    )
    .only("1.36.2", "the kernel steers; no release listens in another way"),
    Case::new(
        "webhook",
        "every write arrives at a receiver once, by token and by certificate; what cannot work is refused",
        webhook::run,
    ),
    Case::new("refusals", "what cannot work is refused, the API server untouched", refusals::run).only(
        "1.36.2",
        "kaudit refuses before it changes a file; which flags and policies a release takes is compared by `oracle`",
    ),
    Case::new(
        "rollback-on-failure",
        "a start that fails after all checks: as before, and the cause named",
        rollback_on_failure::run,
    ),
    Case::new("presets", "the API server starts with every preset", presets::run)
        .only("1.36.2", "tests load every preset by the rules of every release"),
    Case::new(
        "offline-enable",
        "enable on the tree of a live node, the kubelet restarts, disable gives the bytes back",
        offline_enable::run,
    )
    .only("1.33.13", "the written files are the same for all; `live` starts every release with them"),
    Case::new("builtin", "lint's table of built-in resources is equal to the discovery", builtin::run),
    Case::new("starts", "a node starts with kubeadm's manifests", starts::run),
];
