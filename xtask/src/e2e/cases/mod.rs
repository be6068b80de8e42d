//! The cases, one file each.

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
mod surge_failures;

use anyhow::Result;

use super::trial::Trial;

/// A case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) shows: &'static str,
    pub(super) run: fn(&Trial<'_>) -> Result<()>,
}

/// All cases, in the order in which they run.
pub(super) const CASES: [Case; 11] = [
    Case { name: "starts", shows: "a node comes up as kubeadm makes it", run: starts::run },
    Case {
        name: "offline-enable",
        shows: "enable on the tree of a live node, the kubelet restarts, disable gives the bytes back",
        run: offline_enable::run,
    },
    Case { name: "presets", shows: "the API server starts with every preset", run: presets::run },
    Case {
        name: "live",
        shows: "on, again, changed, restarted, rolled back, edited by hand, off: each proven by an event",
        run: live::run,
    },
    Case { name: "outage", shows: "a move is shorter than an edit in place", run: outage::run },
    Case { name: "surge", shows: "a surge is noticed by nobody, and no event is lost", run: surge::run },
    Case {
        name: "surge-failures",
        shows: "what goes wrong during a surge: as before or as asked, and nothing is left of it",
        run: surge_failures::run,
    },
    Case {
        name: "refusals",
        shows: "what cannot work is refused, the API server untouched",
        run: refusals::run,
    },
    Case {
        name: "rollback-on-failure",
        shows: "a start that fails after all checks: as before, and the cause named",
        run: rollback_on_failure::run,
    },
    Case {
        name: "signals",
        shows: "signals, broken pipes, two at once, somebody else's edit",
        run: signals::run,
    },
    Case { name: "kill", shows: "killed at any moment, recover, again: never a broken node", run: kill::run },
];
