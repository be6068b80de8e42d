//! A node with a simulated kubelet, and changes of it.

use super::kubelet::{Fault, Life, MANIFEST, SURGE, World, tree};
use kaudit::file::{FileState, Metadata};
use kaudit::generation::{self, Record};
use kaudit::manifest::Manifest;
use kaudit::node::{Addresses, Ask, Endpoint, Node, Rule};
use kaudit::observe::{look, observe};
use kaudit::plan::{Plan, PolicyWanted, ReadSet, Wanted, draft_enable, plan_disable};
use kaudit::restart::surge::SurgePlan;
use kaudit::restart::{
    Listener, Method, Names, Options, Outcome, Proof, Recovered, RestartContext, Revision, Unfinished,
    restart,
};
use kaudit::transaction::{self, JOURNAL_PATH, prepare, record_of};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

pub(crate) const SAMPLE: &str = include_str!("../../templates/sample-node/kube-apiserver.yaml");
pub(crate) const PORT: u16 = 6443;
pub(crate) const POLICY: &str = "/etc/kubernetes/audit/policy.yaml";

pub(crate) struct Silent;

impl Listener for Silent {
    fn step(&mut self, _: &str) {}
    fn waiting(&mut self, _: &str, _: Duration, _: &str) {}
}

/// A directory in memory, where there is one: nothing here is about disks.
pub(crate) fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// A node with a simulated kubelet.
pub(crate) struct Scenario {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) world: Rc<RefCell<World>>,
}

impl Scenario {
    pub(crate) fn new() -> Self {
        let directory = memory();
        let path = directory.path().join(MANIFEST.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, SAMPLE).unwrap();
        prepare(&mut Node::at(directory.path())).unwrap();
        let world = World::new(directory.path());
        Self { directory, world }
    }

    pub(crate) fn node(&self) -> Node {
        Node::at(self.directory.path())
    }

    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn tree(&self) -> Tree {
        tree(self.directory.path())
    }

    /// Another node in the same state.
    pub(crate) fn copy(&self) -> Self {
        let directory = memory();
        copy_tree(self.directory.path(), directory.path());
        let world = self.world.borrow().copy(directory.path());
        Self { directory, world }
    }

    pub(crate) fn plan(&self, change: Change) -> Plan {
        let node = self.node();
        let mut observed = observe(&node, Path::new(MANIFEST)).unwrap();
        let manifest = Manifest::read(&observed.manifest.bytes).unwrap();
        let mut read_set = ReadSet::of_history(&observed.history);
        read_set.files.remove(Path::new(MANIFEST));
        look(&node, &mut observed, &read_set).unwrap();
        let Some(preset) = change.preset() else { return plan_disable(&manifest, &observed).unwrap() };
        let wanted = Wanted { policy: Some(PolicyWanted::Preset(preset)), ..Wanted::default() };
        let draft = draft_enable(manifest, &wanted, &observed.history.owned()).unwrap();
        look(&node, &mut observed, &draft.read_set()).unwrap();
        draft.finish(&observed).unwrap()
    }

    pub(crate) fn record(&self, plan: &Plan) -> Record {
        let number = generation::load(&self.node()).unwrap().newest() + 1;
        record_of(plan, number, "test", "now".to_owned())
    }

    /// Makes a change without any fault.
    pub(crate) fn make(&self, plan: &Plan, method: Method) -> Outcome {
        let record = self.record(plan);
        restart(
            &mut Life::new(&self.world, Fault::None, 0),
            &mut Silent,
            &context(&record),
            &record,
            options(method),
        )
    }

    /// What the next run does before anything else.
    pub(crate) fn recover(&self) -> Recovered {
        let mut life = Life::new(&self.world, Fault::None, 0);
        match Unfinished::find(&self.node(), Path::new(MANIFEST)).unwrap() {
            Some(unfinished) => {
                let context = context(unfinished.record());
                unfinished.recover(&mut life, &mut Silent, &context, options(Method::Move)).unwrap()
            }
            None => match transaction::recover(&self.node(), &mut self.node()).unwrap() {
                transaction::Recovered::Undone(number) => Recovered::Undone(number),
                transaction::Recovered::Finished(number) => Recovered::Finished(number),
                other => panic!("{other:?}"),
            },
        }
    }

    pub(crate) fn has_journal(&self) -> bool {
        self.place(JOURNAL_PATH).exists()
    }

    /// The manifests directory holds the manifest and nothing else, and never held a second one.
    pub(crate) fn check_directory(&self, when: &str) {
        let names: Vec<String> = fs::read_dir(self.place(MANIFEST).parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["kube-apiserver.yaml"], "{when}");
        assert_eq!(self.world.borrow().strangers, [] as [String; 0], "{when}");
    }

    /// A surge leaves no moment without an API server for clients elsewhere.
    pub(crate) fn check_outage(&self, method: Method, when: &str) {
        if method == Method::Surge {
            assert_eq!(self.world.borrow().outage, Duration::ZERO, "{when}");
        }
    }

    /// The API server that is ready runs what the manifest says.
    pub(crate) fn check_running(&self, when: &str) {
        let manifest = Manifest::read(&fs::read(self.place(MANIFEST)).unwrap()).unwrap();
        let words: Vec<String> = manifest.api_server().words.iter().map(|word| word.text.clone()).collect();
        let world = self.world.borrow();
        assert_eq!(world.ready().map(|arguments| &arguments[1..]), Some(words.as_slice()), "{when}");
    }
}

/// A change, and what must stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Enable,
    Policy,
    Disable,
}

impl Change {
    pub(crate) fn preset(self) -> Option<&'static str> {
        match self {
            Change::Enable => Some("default"),
            Change::Policy => Some("metadata"),
            Change::Disable => None,
        }
    }

    pub(crate) fn set_up(self) -> Scenario {
        let scenario = Scenario::new();
        if self != Change::Enable {
            let outcome = scenario.make(&scenario.plan(Change::Enable), Method::Move);
            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        }
        scenario
    }

    pub(crate) fn rehearse(self) -> Rehearsal {
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
pub(crate) struct Rehearsal {
    pub(crate) base: Scenario,
    pub(crate) plan: Plan,
    pub(crate) before: Tree,
    pub(crate) after: Tree,
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
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

pub(crate) fn options(method: Method) -> Options {
    Options {
        method,
        drain: Some(Duration::from_secs(2)),
        timeout: Duration::from_mins(5),
        was_healthy: true,
    }
}

/// The surge pod as far as the protocol needs it: the planned manifest under another name, port and log.
pub(crate) fn surge_plan(after: &[u8]) -> SurgePlan {
    let text = String::from_utf8(after.to_vec()).unwrap();
    let text = text.replace("  name: kube-apiserver\n  namespace", "  name: kaudit-surge\n  namespace");
    let text = text.replace("--secure-port=6443", "--secure-port=6444");
    let text = text.replace("/audit/audit.log", "/audit/audit-surge-2026-03-04T05-06-07.080.log");
    let revision = revision(text.as_bytes(), 6444);
    let outside = Ask { endpoint: endpoint("192.0.2.10:6443"), ..ask("/readyz", PORT) };
    SurgePlan {
        path: Path::new(MANIFEST).with_file_name(SURGE),
        manifest: FileState { bytes: text.into_bytes(), metadata: Metadata::new(0o600, None) },
        port: 6444,
        log: Some("/var/log/kubernetes/audit/audit-surge-2026-03-04T05-06-07.080.log".into()),
        revision,
        rule: Rule { port: PORT, addresses: Addresses::Any, exempt_own: true },
        outside: Some(outside),
    }
}

pub(crate) fn revision(bytes: &[u8], port: u16) -> Revision {
    let manifest = Manifest::read(bytes).unwrap();
    let words = manifest.api_server().arguments();
    let log = words.iter().find_map(|word| word.strip_prefix("--audit-log-path="));
    let proof = log.map_or(Proof::Off, |log| Proof::Event {
        asks: vec![ask("/api", port)],
        log: log.into(),
        patience: Duration::from_secs(10),
    });
    Revision { readyz: ask("/readyz", port), health: vec![ask("/livez", port)], proof, manifest }
}

pub(crate) fn context(record: &Record) -> RestartContext {
    let file = record.file(Path::new(MANIFEST)).unwrap();
    let (before, after) = (file.before.as_ref().unwrap(), file.after.as_ref().unwrap());
    RestartContext {
        names: Names::of(Path::new(MANIFEST)),
        before: revision(&before.bytes, PORT),
        after: revision(&after.bytes, PORT),
        surge: Some(surge_plan(&after.bytes)),
    }
}

pub(crate) fn endpoint(address: &str) -> Endpoint {
    Endpoint { address: address.parse().unwrap(), certificate: None }
}

pub(crate) fn ask(path: &str, port: u16) -> Ask {
    Ask {
        endpoint: endpoint(&format!("127.0.0.1:{port}")),
        from: None,
        identity: None,
        method: "GET",
        path: path.to_owned(),
        body: None,
        audit_id: None,
        timeout: Duration::from_secs(1),
    }
}

pub(crate) const CHANGES: [Change; 3] = [Change::Enable, Change::Policy, Change::Disable];
/// Those that know whether a configuration works only when it runs in place.
pub(crate) const TOUCHING: [Method; 2] = [Method::Move, Method::Rewrite];
pub(crate) const METHODS: [Method; 3] = [Method::Surge, Method::Move, Method::Rewrite];
