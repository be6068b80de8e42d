//! The restart's protocol against a simulated kubelet: every fault and every death at every effect, every signal and
//! every foreign edit at every effect. What a real kubelet does is the control-plane tests' business.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it makes and compares trees"
)]

#[path = "restart/kubelet.rs"]
mod kubelet;

use kaudit::generation::{self, Record};
use kaudit::manifest::Manifest;
use kaudit::node::{Addresses, Ask, Endpoint, FileState, Interrupt, Metadata, Node, Rule};
use kaudit::observe::{look, observe};
use kaudit::plan::{Plan, PolicyWanted, Survey, Wanted, draft_enable, plan_disable};
use kaudit::restart::surge::SurgePlan;
use kaudit::restart::{
    Listener, Method, Names, Options, Outcome, Proof, Proven, Recovered, Scene, Side, Unfinished,
    recover_tree, restart,
};
use kaudit::transaction::{self, JOURNAL_PATH, prepare, record_of};
use kubelet::{Fault, Life, MANIFEST, SURGE, World, tree};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

const SAMPLE: &str = include_str!("../templates/sample-node/kube-apiserver.yaml");
const PORT: u16 = 6443;
const POLICY: &str = "/etc/kubernetes/audit/policy.yaml";

struct Silent;

impl Listener for Silent {
    fn step(&mut self, _: &str) {}
    fn waiting(&mut self, _: &str, _: Duration, _: &str) {}
}

/// A directory in memory, where there is one: nothing here is about disks.
fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// A node with a simulated kubelet.
struct Scenario {
    directory: tempfile::TempDir,
    world: Rc<RefCell<World>>,
}

impl Scenario {
    fn new() -> Self {
        let directory = memory();
        let path = directory.path().join(MANIFEST.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, SAMPLE).unwrap();
        prepare(&mut Node::at(directory.path())).unwrap();
        let world = World::new(directory.path());
        Self { directory, world }
    }

    fn node(&self) -> Node {
        Node::at(self.directory.path())
    }

    fn place(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    fn tree(&self) -> Tree {
        tree(self.directory.path())
    }

    /// Another node in the same state.
    fn copy(&self) -> Self {
        let directory = memory();
        copy_tree(self.directory.path(), directory.path());
        let world = self.world.borrow().copy(directory.path());
        Self { directory, world }
    }

    fn plan(&self, change: Change) -> Plan {
        let node = self.node();
        let mut observed = observe(&node, Path::new(MANIFEST)).unwrap();
        let manifest = Manifest::read(&observed.manifest.bytes).unwrap();
        let mut survey = Survey::of_history(&observed.history);
        survey.files.remove(Path::new(MANIFEST));
        look(&node, &mut observed, &survey).unwrap();
        let Some(preset) = change.preset() else { return plan_disable(&manifest, &observed).unwrap() };
        let wanted = Wanted { policy: Some(PolicyWanted::Preset(preset)), ..Wanted::default() };
        let draft = draft_enable(manifest, &wanted).unwrap();
        look(&node, &mut observed, &draft.survey()).unwrap();
        draft.finish(&observed).unwrap()
    }

    fn record(&self, plan: &Plan) -> Record {
        let number = generation::load(&self.node()).unwrap().newest() + 1;
        record_of(plan, number, "test", "now".to_owned())
    }

    /// Makes a change without any fault.
    fn make(&self, plan: &Plan, method: Method) -> Outcome {
        let record = self.record(plan);
        restart(
            &mut Life::new(&self.world, Fault::None, 0),
            &mut Silent,
            &scene(&record),
            &record,
            options(method),
        )
    }

    /// What the next run does before anything else.
    fn recover(&self) -> Recovered {
        let mut life = Life::new(&self.world, Fault::None, 0);
        match Unfinished::find(&self.node(), Path::new(MANIFEST)).unwrap() {
            Some(unfinished) => {
                let scene = scene(unfinished.record());
                unfinished.recover(&mut life, &mut Silent, &scene, options(Method::Move)).unwrap()
            }
            None => match transaction::recover(&self.node(), &mut self.node()).unwrap() {
                transaction::Recovered::Undone(number) => Recovered::Undone(number),
                transaction::Recovered::Finished(number) => Recovered::Finished(number),
                other => panic!("{other:?}"),
            },
        }
    }

    fn has_journal(&self) -> bool {
        self.place(JOURNAL_PATH).exists()
    }

    /// The manifests directory holds the manifest and nothing else, and never held a second one.
    fn check_directory(&self, when: &str) {
        let names: Vec<String> = fs::read_dir(self.place(MANIFEST).parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["kube-apiserver.yaml"], "{when}");
        assert_eq!(self.world.borrow().strangers, [] as [String; 0], "{when}");
    }

    /// A surge leaves no moment without an API server for clients elsewhere.
    fn check_outage(&self, method: Method, when: &str) {
        if method == Method::Surge {
            assert_eq!(self.world.borrow().outage, Duration::ZERO, "{when}");
        }
    }

    /// The API server that is ready runs what the manifest says.
    fn check_running(&self, when: &str) {
        let manifest = Manifest::read(&fs::read(self.place(MANIFEST)).unwrap()).unwrap();
        let words: Vec<String> = manifest.api_server().words.iter().map(|word| word.text.clone()).collect();
        let world = self.world.borrow();
        assert_eq!(world.ready().map(|arguments| &arguments[1..]), Some(words.as_slice()), "{when}");
    }
}

/// A change, and what must stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Enable,
    Policy,
    Disable,
}

impl Change {
    fn preset(self) -> Option<&'static str> {
        match self {
            Change::Enable => Some("default"),
            Change::Policy => Some("metadata"),
            Change::Disable => None,
        }
    }

    fn set_up(self) -> Scenario {
        let scenario = Scenario::new();
        if self != Change::Enable {
            let outcome = scenario.make(&scenario.plan(Change::Enable), Method::Move);
            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        }
        scenario
    }

    fn rehearse(self) -> Rehearsal {
        let base = self.set_up();
        let plan = base.plan(self);
        let scenario = base.copy();
        let outcome = scenario.make(&plan, Method::Move);
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        assert!(!scenario.plan(self).changes_something(), "{self:?}: not the whole change");
        Rehearsal { before: base.tree(), after: scenario.tree(), plan, base }
    }
}

/// A change that went through once: what it begins with, and how the tree has to look at its end.
struct Rehearsal {
    base: Scenario,
    plan: Plan,
    before: Tree,
    after: Tree,
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir_all(&copy).unwrap();
            fs::set_permissions(&copy, entry.metadata().unwrap().permissions()).unwrap();
            copy_tree(&path, &copy);
        } else {
            fs::copy(path, copy).unwrap();
        }
    }
}

fn options(method: Method) -> Options {
    Options {
        method,
        drain: Some(Duration::from_secs(2)),
        timeout: Duration::from_mins(5),
        was_healthy: true,
    }
}

/// The surge pod as far as the protocol needs it: the planned manifest under another name, port and log.
fn surge_plan(after: &[u8]) -> SurgePlan {
    let text = String::from_utf8(after.to_vec()).unwrap();
    let text = text.replace("  name: kube-apiserver\n  namespace", "  name: kaudit-surge\n  namespace");
    let text = text.replace("--secure-port=6443", "--secure-port=6444");
    let text = text.replace("/audit/audit.log", "/audit/audit-surge-2026-03-04T05-06-07.080.log");
    let side = side(text.as_bytes(), 6444);
    let outside = Ask { endpoint: endpoint("192.0.2.10:6443"), ..ask("/readyz", PORT) };
    SurgePlan {
        path: Path::new(MANIFEST).with_file_name(SURGE),
        manifest: FileState { bytes: text.into_bytes(), metadata: Metadata::new(0o600, None) },
        port: 6444,
        log: Some("/var/log/kubernetes/audit/audit-surge-2026-03-04T05-06-07.080.log".into()),
        side,
        rule: Rule { port: PORT, addresses: Addresses::Any, exempt_own: true },
        outside: Some(outside),
    }
}

fn side(bytes: &[u8], port: u16) -> Side {
    let manifest = Manifest::read(bytes).unwrap();
    let words = manifest.api_server().arguments();
    let log = words.iter().find_map(|word| word.strip_prefix("--audit-log-path="));
    let proof = log.map_or(Proof::Off, |log| Proof::Event {
        asks: vec![ask("/api", port)],
        log: log.into(),
        patience: Duration::from_secs(10),
    });
    Side { readyz: ask("/readyz", port), health: vec![ask("/livez", port)], proof, manifest }
}

fn scene(record: &Record) -> Scene {
    let file = record.file(Path::new(MANIFEST)).unwrap();
    let (before, after) = (file.before.as_ref().unwrap(), file.after.as_ref().unwrap());
    Scene {
        names: Names::of(Path::new(MANIFEST)),
        before: side(&before.bytes, PORT),
        after: side(&after.bytes, PORT),
        surge: Some(surge_plan(&after.bytes)),
    }
}

fn endpoint(address: &str) -> Endpoint {
    Endpoint { address: address.parse().unwrap(), certificate: None }
}

fn ask(path: &str, port: u16) -> Ask {
    Ask {
        endpoint: endpoint(&format!("127.0.0.1:{port}")),
        identity: None,
        method: "GET",
        path: path.to_owned(),
        body: None,
        audit_id: None,
        timeout: Duration::from_secs(1),
    }
}

const CHANGES: [Change; 3] = [Change::Enable, Change::Policy, Change::Disable];
/// Those that know whether a configuration works only when it runs in place.
const TOUCHING: [Method; 2] = [Method::Move, Method::Rewrite];
const METHODS: [Method; 3] = [Method::Surge, Method::Move, Method::Rewrite];

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
        let outcome = restart(&mut life, &mut Silent, &scene(&record), &record, options(method));
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
            restart(&mut life, &mut Silent, &scene(&record), &record, options(method));
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
            restart(&mut life, &mut Silent, &scene(&record), &record, options(Method::Move));
            if !life.is_dead {
                return;
            }
            let Some(unfinished) = Unfinished::find(&scenario.node(), Path::new(MANIFEST)).unwrap() else {
                break;
            };
            let mut life = Life::new(&scenario.world, Fault::DiesAfter, second);
            let scene = scene(unfinished.record());
            drop(unfinished.recover(&mut life, &mut Silent, &scene, options(Method::Move)));
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
                    assert!(cause.foreign.is_some(), "{when}: {cause}");
                    assert_eq!(live, theirs, "{when}");
                    assert!(!scenario.has_journal(), "{when}");
                    scenario.check_directory(&when);
                    refused += 1;
                }
                Outcome::Stuck { cause, .. } => {
                    assert!(cause.foreign.is_some(), "{when}: {cause}");
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
        assert!(cause.words.contains("ends as soon as it is started"), "{cause}");
        assert!(cause.help.iter().any(|line| line.contains("the last words of the container")), "{cause:?}");
        assert!(unavailable > Duration::from_secs(5));
        assert_eq!(scenario.tree(), before);
        scenario.check_running("after the way back");
        scenario.check_directory("after the way back");
        assert!(!scenario.has_journal());
    }
}

#[test]
fn a_surge_pod_that_does_not_come_up_is_taken_away_again() {
    for change in CHANGES {
        let Rehearsal { base, plan, before, .. } = change.rehearse();
        let starts = base.world.borrow().starts;
        base.world.borrow_mut().breaks = Some("--secure-port=6444");
        let outcome = base.make(&plan, Method::Surge);
        let Outcome::Refused(cause) = outcome else { panic!("{outcome:?}") };
        assert!(cause.words.contains("ends as soon as it is started"), "{cause}");
        assert!(cause.help.iter().any(|line| line.contains("the last words of the container")), "{cause:?}");
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
    assert!(cause.words.contains("ends as soon as it is started"), "{cause}");
    assert_eq!(unavailable, Duration::ZERO);
    base.check_outage(Method::Surge, "on the way back");
    assert_eq!(base.tree(), before);
    base.check_directory("after the way back");
    base.check_running("after the way back");
    assert!(!base.has_journal());
}

#[test]
fn an_event_that_does_not_come_is_a_failure() {
    let scenario = Scenario::new();
    let before = scenario.tree();
    scenario.world.borrow_mut().is_mute = true;
    let outcome = scenario.make(&scenario.plan(Change::Enable), Method::Move);
    let Outcome::RolledBack { cause, .. } = outcome else { panic!("{outcome:?}") };
    assert!(cause.words.contains("no event came to /var/log/kubernetes/audit/audit.log"), "{cause}");
    assert_eq!(scenario.tree(), before);
    assert!(!scenario.place(POLICY).exists());
}
