//! The restart protocol with a simulated kubelet: faults, crashes, signals and concurrent edits at every effect. The
//! control-plane tests cover the behaviour of a real kubelet.

mod kubelet;
mod scenario;
mod surge;

use kaudit::node::Interrupt;
use kaudit::restart::{Method, Outcome, Proof, Proven, Recovered, Unfinished, recover_tree, restart};
use kaudit::transaction;
use kubelet::{Fault, LAST_LINE, Life, MANIFEST};
use scenario::{
    CHANGES, Change, METHODS, POLICY, Rehearsal, SAMPLE, Scenario, Silent, TOUCHING, context, options,
};
use std::fs;
use std::path::Path;
use std::time::Duration;

#[test]
fn every_change_goes_through_and_is_proven() {
    for method in METHODS {
        for change in CHANGES {
            let scenario = change.set_up();
            let outcome = scenario.make(&scenario.plan(change), method);
            let Outcome::Done(done) = outcome else { panic!("{change:?} {method:?}: {outcome:?}") };
            assert_eq!(done.untidy, None);
            assert_eq!(
                matches!(done.proven, Proven::Event(_)),
                change != Change::Disable,
                "{:?}",
                done.proven
            );
            assert!(
                !scenario.plan(change).changes_something(),
                "{change:?} {method:?}: not the whole change"
            );
            scenario.check_directory("after the change");
            scenario.check_running("after the change");
            scenario.check_outage(method, "during the change");
            assert_eq!(method == Method::Surge, done.unavailable == Duration::ZERO);
            assert!(!scenario.has_journal());
        }
    }
}

#[test]
fn an_event_that_goes_to_the_webhook_alone_is_named_for_its_receiver() {
    let scenario = Scenario::new();
    let record = scenario.record(&scenario.plan(Change::Enable));
    let mut context = context(&record);
    let Proof::Event { asks, .. } = context.after.proof else { panic!("{:?}", context.after.proof) };
    context.after.proof = Proof::WebhookOnly { asks, patience: Duration::from_secs(40) };
    let mut life = Life::new(&scenario.world, Fault::None, 0);
    let outcome = restart(&mut life, &mut Silent, &context, &record, options(Method::Move));
    let Outcome::Done(done) = outcome else { panic!("{outcome:?}") };
    let why = done.proven.unproven().unwrap();
    assert!(why.contains(done.proven.sent_event().unwrap()), "{why}");
    let (before, after) = why.split_once("00000000-0000-4000-8000-").unwrap();
    assert_eq!(before, "events go only to the webhook; its receiver should get the event with auditID ");
    assert!(after.ends_with(" within 40 s"), "{why}");
}

#[test]
fn waiting_for_the_kubelets_clean_up_avoids_its_back_off() {
    let unavailable = |method| {
        let scenario = Scenario::new();
        match scenario.make(&scenario.plan(Change::Enable), method) {
            Outcome::Done(done) => done.unavailable,
            other => panic!("{other:?}"),
        }
    };
    // 2 s until the kill, 0.7 s and 0.75 s for the kubelet, 3 s for the start, and a few looks.
    let moved = unavailable(Method::Move);
    assert!(moved >= Duration::from_millis(6350) && moved < Duration::from_millis(6950), "{moved:?}");
    // 30 s of grace, the clean-up, 12 s of back-off, the start: nobody shortens a restart that the kubelet makes alone.
    let rewritten = unavailable(Method::Rewrite);
    assert!(rewritten > Duration::from_secs(45), "{rewritten:?}");
}

/// Lets the n-th effect go wrong, for every n, and checks the end of each.
fn every_fault(fault: Fault, rehearsal: &Rehearsal, method: Method, pause: Duration) -> usize {
    let Rehearsal { base, plan, before, after: whole } = rehearsal;
    for count in 0..200 {
        let scenario = base.copy();
        let when = format!("{method:?}, {fault:?} at effect {count}");
        let record = scenario.record(plan);
        let starts = scenario.world.borrow().starts;
        let mut life = Life::new(&scenario.world, fault, count);
        let outcome = restart(&mut life, &mut Silent, &context(&record), &record, options(method));
        let is_dead = life.is_dead;
        if !is_dead {
            scenario.check_outage(method, &when);
        }
        if is_dead {
            // The next run comes at once, or much later.
            let to = scenario.world.borrow().now + pause;
            while scenario.world.borrow().now < to {
                scenario.world.borrow_mut().settle();
            }
            if scenario.has_journal() {
                let recovered = scenario.recover();
                assert!(!matches!(recovered, Recovered::Stuck(_)), "{when}: {recovered:?}");
            }
        }
        let after = scenario.tree();
        let (is_whole, is_before) = (after == *whole, after == *before);
        match &outcome {
            Outcome::Done(_) => assert!(is_whole, "{when}: not the whole change"),
            _ if is_dead => assert!(is_whole || is_before, "{when}: neither before nor after"),
            Outcome::Refused(_) => {
                assert!(is_before, "{when}: refused, and something is left");
                assert_eq!(scenario.world.borrow().starts, starts, "{when}: refused, and restarted");
            }
            Outcome::RolledBack { .. } => assert!(is_before, "{when}: rolled back, and something is left"),
            Outcome::Stuck { .. } => panic!("{when}: {outcome:?}"),
        }
        scenario.check_directory(&when);
        scenario.world.borrow_mut().settle();
        scenario.check_running(&when);
        assert!(!scenario.has_journal(), "{when}");
        // And once more, without a fault.
        if !is_whole {
            let again = scenario.make(plan, method);
            assert!(matches!(again, Outcome::Done(_)), "{when}, and again: {again:?}");
            assert_eq!(scenario.tree(), *whole, "{when}, and again: not the whole change");
        }
        if life.is_spared() {
            return count;
        }
    }
    unreachable!("there are fewer than 200 effects")
}

#[test]
fn a_fault_at_every_effect_ends_before_or_after() {
    for change in CHANGES {
        let rehearsal = change.rehearse();
        for method in METHODS {
            let effects = every_fault(Fault::Fails, &rehearsal, method, Duration::ZERO);
            assert!(effects >= 15, "only {effects} effects were tried");
        }
    }
}

#[test]
fn a_death_at_every_effect_is_recovered() {
    for change in CHANGES {
        let rehearsal = change.rehearse();
        for method in METHODS {
            for pause in [Duration::ZERO, Duration::from_mins(1)] {
                // To die before an effect is to die after the one before it.
                let effects = every_fault(Fault::DiesAfter, &rehearsal, method, pause);
                assert!(effects >= 15, "only {effects} effects were tried");
            }
        }
    }
}

/// The node is down by then, and its disk is a tree.
#[test]
fn a_death_is_recovered_without_a_kubelet_too() {
    let Rehearsal { base, plan, before, after } = Change::Policy.rehearse();
    let mut ends = [0, 0];
    for method in METHODS {
        for count in 0..60 {
            let scenario = base.copy();
            let record = scenario.record(&plan);
            let mut life = Life::new(&scenario.world, Fault::DiesAfter, count);
            restart(&mut life, &mut Silent, &context(&record), &record, options(method));
            let when = format!("{method:?}, death after effect {count}");
            let recovered =
                recover_tree(&scenario.node(), &mut scenario.node(), Path::new(MANIFEST)).unwrap();
            assert!(!matches!(recovered, transaction::Recovered::Stuck(_)), "{when}: {recovered:?}");
            let tree = scenario.tree();
            assert!([&before, &after].contains(&&tree), "{when}");
            ends[usize::from(tree == after)] += 1;
            scenario.check_directory(&when);
            assert!(!scenario.has_journal(), "{when}");
        }
    }
    assert!(ends.iter().all(|count| *count >= 4), "one end was never reached: {ends:?}");
}

#[test]
fn a_death_during_recovery_is_recovered_too() {
    let Rehearsal { base, plan, before, after } = Change::Policy.rehearse();
    for first in 0..40 {
        for second in 0..40 {
            let scenario = base.copy();
            let record = scenario.record(&plan);
            let mut life = Life::new(&scenario.world, Fault::DiesAfter, first);
            restart(&mut life, &mut Silent, &context(&record), &record, options(Method::Move));
            if !life.is_dead {
                return;
            }
            let Some(unfinished) = Unfinished::find(&scenario.node(), Path::new(MANIFEST)).unwrap() else {
                break;
            };
            let mut life = Life::new(&scenario.world, Fault::DiesAfter, second);
            let context = context(unfinished.record());
            drop(unfinished.recover(&mut life, &mut Silent, &context, options(Method::Move)));
            if !life.is_dead {
                break;
            }
            let when = format!("deaths at {first} and {second}");
            if scenario.has_journal() {
                let recovered = scenario.recover();
                assert!(!matches!(recovered, Recovered::Stuck(_)), "{when}: {recovered:?}");
            }
            assert!([&before, &after].contains(&&scenario.tree()), "{when}");
            scenario.world.borrow_mut().settle();
            scenario.check_running(&when);
            scenario.check_directory(&when);
            assert!(!scenario.has_journal(), "{when}");
        }
    }
}

#[test]
fn a_signal_at_every_effect_ends_in_order() {
    let Rehearsal { base, plan, before, after } = Change::Policy.rehearse();
    for method in METHODS {
        let mut ends = [0, 0, 0];
        for (signal, count) in
            [Interrupt::Int, Interrupt::Term].into_iter().flat_map(|s| (0..60).map(move |n| (s, n)))
        {
            let scenario = base.copy();
            scenario.world.borrow_mut().interrupt_at = Some((count, signal));
            let when = format!("{method:?}, {signal:?} at effect {count}");
            match scenario.make(&plan, method) {
                Outcome::Refused(cause) => {
                    assert_eq!(cause.interrupt, Some(signal), "{when}");
                    assert_eq!(scenario.tree(), before, "{when}");
                    ends[0] += 1;
                }
                Outcome::RolledBack { cause, .. } => {
                    assert_eq!(cause.interrupt, Some(signal), "{when}");
                    assert_eq!(scenario.tree(), before, "{when}");
                    ends[1] += 1;
                }
                Outcome::Done(_) => {
                    assert_eq!(scenario.tree(), after, "{when}");
                    ends[2] += 1;
                }
                Outcome::Stuck { cause, .. } => panic!("{when}: {cause}"),
            }
            scenario.check_running(&when);
            scenario.check_directory(&when);
            scenario.check_outage(method, &when);
            assert!(!scenario.has_journal(), "{when}");
        }
        assert!(ends.iter().all(|count| *count >= 4), "{method:?}: one end was never reached: {ends:?}");
    }
}

#[test]
fn somebody_elses_manifest_is_never_overwritten() {
    let theirs = SAMPLE.replace("--secure-port=6443", "--secure-port=6444").into_bytes();
    assert_ne!(theirs, SAMPLE.as_bytes());
    let (mut refused, mut stuck) = (0, 0);
    let base = Scenario::new();
    let plan = base.plan(Change::Enable);
    for method in METHODS {
        for count in 0..60 {
            let scenario = base.copy();
            scenario.world.borrow_mut().foreign_at = Some((count, theirs.clone()));
            let when = format!("by {method:?}, an edit at effect {count}");
            let outcome = scenario.make(&plan, method);
            let is_made = scenario.world.borrow().foreign_at.is_none();
            let live = fs::read(scenario.place(MANIFEST)).unwrap();
            match outcome {
                Outcome::Refused(cause) => {
                    assert!(cause.is_foreign, "{when}: {cause}");
                    assert_eq!(live, theirs, "{when}");
                    assert!(!scenario.has_journal(), "{when}");
                    scenario.check_directory(&when);
                    refused += 1;
                }
                Outcome::Stuck { cause, .. } => {
                    assert!(cause.is_foreign, "{when}: {cause}");
                    assert_eq!(live, theirs, "{when}");
                    // The next run does not touch it either, as long as it is neither.
                    assert!(matches!(scenario.recover(), Recovered::Stuck(_)), "{when}");
                    assert_eq!(fs::read(scenario.place(MANIFEST)).unwrap(), theirs, "{when}");
                    // Put right by hand, it goes on.
                    fs::write(scenario.place(MANIFEST), SAMPLE).unwrap();
                    scenario.world.borrow_mut().settle();
                    let recovered = scenario.recover();
                    assert!(matches!(recovered, Recovered::Undone(_)), "{when}: {recovered:?}");
                    scenario.check_running(&when);
                    scenario.check_directory(&when);
                    stuck += 1;
                }
                // The edit came after the change was proven, or not at all.
                Outcome::Done(_) => assert_eq!(is_made, live == theirs, "{when}"),
                Outcome::RolledBack { cause, .. } => panic!("{when}: {cause}"),
            }
        }
    }
    assert!(refused >= 4 && stuck >= 2, "{refused} refused, {stuck} stuck");
}

#[test]
fn an_api_server_that_does_not_come_up_is_rolled_back() {
    for (method, change) in TOUCHING.into_iter().flat_map(|method| CHANGES.map(|change| (method, change))) {
        let scenario = change.set_up();
        let before = scenario.tree();
        let plan = scenario.plan(change);
        let record = scenario.record(&plan);
        let after = record.file(Path::new(MANIFEST)).unwrap().after.clone().unwrap();
        // Something that only the new manifest has.
        scenario.world.borrow_mut().breaks = Some(match change {
            Change::Enable => "--audit-policy-file",
            Change::Policy => "c3b4",
            Change::Disable => "kind: Pod",
        });
        if change == Change::Policy {
            let digest = String::from_utf8(after.bytes).unwrap();
            let digest = digest.split("config-sha256: ").nth(1).unwrap();
            let digest = digest.split_whitespace().next().unwrap().to_owned();
            scenario.world.borrow_mut().breaks = Some(Box::leak(digest.into_boxed_str()));
        }
        if change == Change::Disable {
            // Everything breaks then, the state before too: neither can be verified.
            let outcome = scenario.make(&plan, method);
            assert!(matches!(outcome, Outcome::Stuck { .. }), "{outcome:?}");
            assert!(scenario.has_journal());
            scenario.world.borrow_mut().breaks = None;
            let to_before = scenario.recover();
            assert!(matches!(to_before, Recovered::Stuck(_) | Recovered::Undone(_)), "{to_before:?}");
            continue;
        }
        let outcome = scenario.make(&plan, method);
        let Outcome::RolledBack { cause, unavailable } = outcome else { panic!("{outcome:?}") };
        assert!(cause.diagnostic.message.contains("exits right after its start"), "{cause}");
        assert!(cause.diagnostic.evidence.iter().any(|line| line.contains(LAST_LINE)), "{cause:?}");
        assert!(unavailable > Duration::from_secs(5));
        assert_eq!(scenario.tree(), before);
        scenario.check_running("after the way back");
        scenario.check_directory("after the way back");
        assert!(!scenario.has_journal());
    }
}

#[test]
fn an_event_that_does_not_come_is_a_failure() {
    let scenario = Scenario::new();
    let before = scenario.tree();
    scenario.world.borrow_mut().is_mute = true;
    let outcome = scenario.make(&scenario.plan(Change::Enable), Method::Move);
    let Outcome::RolledBack { cause, .. } = outcome else { panic!("{outcome:?}") };
    assert!(
        cause.diagnostic.message.contains("wrote no event to /var/log/kubernetes/audit/audit.log"),
        "{cause}"
    );
    assert_eq!(scenario.tree(), before);
    assert!(!scenario.place(POLICY).exists());
}
