//! Behaviour of a surge only: when the new API server does not start, the running one is not affected.

use super::kubelet::LAST_LINE;
use super::scenario::{CHANGES, Change, Rehearsal};
use kaudit::restart::{Method, Outcome};
use std::time::Duration;

#[test]
fn a_surge_pod_that_does_not_come_up_is_taken_away_again() {
    for change in CHANGES {
        let Rehearsal { base, plan, before, .. } = change.rehearse();
        let starts = base.world.borrow().starts;
        base.world.borrow_mut().breaks = Some("--secure-port=6444");
        let outcome = base.make(&plan, Method::Surge);
        let Outcome::Refused(cause) = outcome else { panic!("{outcome:?}") };
        assert!(cause.diagnostic.message.contains("exits right after its start"), "{cause}");
        assert!(cause.diagnostic.evidence.iter().any(|line| line.contains(LAST_LINE)), "{cause:?}");
        assert_eq!(base.tree(), before);
        assert_eq!(base.world.borrow().starts, starts, "the API server was restarted");
        base.check_directory("after the refusal");
        base.check_running("after the refusal");
        base.check_outage(Method::Surge, "during the refusal");
        assert!(!base.has_journal());
    }
}

#[test]
fn clients_stay_with_the_surge_pod_on_the_way_back() {
    let Rehearsal { base, plan, before, .. } = Change::Enable.rehearse();
    // The planned manifest breaks in its place only: its pod of the same content under another name did not.
    base.world.borrow_mut().breaks_in_place = true;
    let outcome = base.make(&plan, Method::Surge);
    let Outcome::RolledBack { cause, unavailable } = outcome else { panic!("{outcome:?}") };
    assert!(cause.diagnostic.message.contains("exits right after its start"), "{cause}");
    assert_eq!(unavailable, Duration::ZERO);
    base.check_outage(Method::Surge, "on the way back");
    assert_eq!(base.tree(), before);
    base.check_directory("after the way back");
    base.check_running("after the way back");
    assert!(!base.has_journal());
}
