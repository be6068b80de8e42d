//! A failure or a crash at every change of the node, in process; and real kills of the real program.

use kaudit::file::{FileState, Metadata};
use kaudit::generation;
use kaudit::manifest::Manifest;
use kaudit::node::{Effects, Moved, Node};
use kaudit::observe::{look, observe};
use kaudit::plan::{Plan, PolicyWanted, ReadSet, Wanted, draft_enable, plan_disable};
use kaudit::transaction::{Failure, Recovered, apply, prepare, record_of, recover};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const SAMPLE: &str = include_str!("../../templates/sample-node/kube-apiserver.yaml");

/// How the n-th change goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It fails once; the run continues.
    Fails,
    /// The process crashes before it.
    DiesBefore,
    /// The process crashes after it.
    DiesAfter,
}

/// The real node, until the n-th change.
struct Faulty {
    node: Node,
    fault: Fault,
    remaining: usize,
    dead: bool,
}

impl Faulty {
    fn pass<T>(&mut self, effect: impl FnOnce(&mut Node) -> anyhow::Result<T>) -> anyhow::Result<T> {
        if self.dead {
            anyhow::bail!("dead");
        }
        if self.remaining > 0 {
            self.remaining -= 1;
            return effect(&mut self.node);
        }
        self.remaining = usize::MAX;
        match self.fault {
            Fault::Fails => anyhow::bail!("injected"),
            Fault::DiesBefore => self.dead = true,
            Fault::DiesAfter => {
                effect(&mut self.node)?;
                self.dead = true;
            }
        }
        anyhow::bail!("dead")
    }
}

impl Effects for Faulty {
    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> anyhow::Result<()> {
        self.pass(|node| node.make_directory(path, metadata))
    }
    fn replace_file(&mut self, path: &Path, file: &FileState) -> anyhow::Result<()> {
        self.pass(|node| node.replace_file(path, file))
    }
    fn remove_file(&mut self, path: &Path) -> anyhow::Result<()> {
        self.pass(|node| node.remove_file(path))
    }
    fn remove_empty_directory(&mut self, path: &Path) -> anyhow::Result<bool> {
        self.pass(|node| node.remove_empty_directory(path))
    }
    fn move_file(&mut self, from: &Path, to: &Path) -> anyhow::Result<Moved> {
        self.pass(|node| node.move_file(from, to))
    }
    fn exchange_files(&mut self, one: &Path, other: &Path) -> anyhow::Result<()> {
        self.pass(|node| node.exchange_files(one, other))
    }
}

fn sample_node() -> (tempfile::TempDir, Node) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(&MANIFEST[1..]);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, SAMPLE).unwrap();
    let node = Node::at(directory.path());
    (directory, node)
}

fn plan_enable(node: &Node) -> Plan {
    let mut observed = observe(node, Path::new(MANIFEST)).unwrap();
    let manifest = Manifest::read(&observed.manifest.bytes).unwrap();
    let wanted = Wanted { policy: Some(PolicyWanted::Preset("default")), ..Wanted::default() };
    let draft = draft_enable(manifest, &wanted, &observed.history.owned()).unwrap();
    look(node, &mut observed, &draft.read_set()).unwrap();
    draft.finish(&observed).unwrap()
}

fn plan_off(node: &Node) -> Plan {
    let mut observed = observe(node, Path::new(MANIFEST)).unwrap();
    let manifest = Manifest::read(&observed.manifest.bytes).unwrap();
    let read_set = ReadSet::of_history(&observed.history);
    look(node, &mut observed, &read_set).unwrap();
    plan_disable(&manifest, &observed).unwrap()
}

/// Everything except kaudit's own state.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<String>> {
    fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, Option<String>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            if name.starts_with("var/lib") || name == Path::new("var") {
                if name != Path::new("var/lib/kaudit") && path.is_dir() {
                    walk(root, &path, found);
                }
            } else if path.is_dir() {
                found.insert(name, None);
                walk(root, &path, found);
            } else {
                found.insert(name, Some(String::from_utf8(fs::read(&path).unwrap()).unwrap()));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

/// Runs a plan with a fault at each change in turn; returns the number of changes.
fn every_fault(fault: Fault, set_up: impl Fn(&mut Node), make_plan: impl Fn(&Node) -> Plan) -> usize {
    let (reference, mut clean) = sample_node();
    prepare(&mut clean).unwrap();
    set_up(&mut clean);
    let plan = make_plan(&clean);
    let number = generation::load(&clean).unwrap().newest() + 1;
    apply(&mut clean, &record_of(&plan, number, "test", "now".to_owned())).unwrap();
    let wanted = tree(reference.path());
    for count in 0.. {
        let (directory, mut node) = sample_node();
        prepare(&mut node).unwrap();
        set_up(&mut node);
        let before = tree(directory.path());
        let number = generation::load(&node).unwrap().newest() + 1;
        let plan = make_plan(&node);
        let mut effects = Faulty { node: node.clone(), fault, remaining: count, dead: false };
        let outcome = apply(&mut effects, &record_of(&plan, number, "test", "now".to_owned()));
        let after_all = |node: &mut Node| {
            let plan = make_plan(node);
            if plan.changes_something() {
                let number = generation::load(node).unwrap().newest() + 1;
                apply(node, &record_of(&plan, number, "test", "now".to_owned())).unwrap();
            }
            tree(directory.path())
        };
        match (outcome, fault) {
            (Ok(()), _) => {
                let rest: Vec<PathBuf> =
                    make_plan(&node).changed_files().map(|file| file.path.clone()).collect();
                assert_eq!(rest, [] as [PathBuf; 0], "a finished change is not the whole change");
                return count;
            }
            (Err(Failure::Undone(cause)), Fault::Fails) => {
                assert_eq!(cause.to_string(), "injected");
                assert_eq!(tree(directory.path()), before, "failing at effect {count} left something");
                assert_eq!(generation::load(&node).unwrap().newest(), number - 1);
            }
            (Err(Failure::Stuck { .. }), Fault::DiesBefore | Fault::DiesAfter) => {
                let recovered = recover(&node.clone(), &mut node).unwrap();
                assert!(
                    !matches!(recovered, Recovered::Stuck(_)),
                    "{fault:?} at effect {count}: {recovered:?}"
                );
                let recovered = tree(directory.path());
                let whole = make_plan(&node);
                assert!(
                    recovered == before || !whole.changes_something(),
                    "{fault:?} at effect {count}: neither before nor after"
                );
            }
            (outcome, fault) => panic!("{fault:?} at effect {count}: {outcome:?}"),
        }
        assert_eq!(after_all(&mut node), wanted, "{fault:?} at effect {count}: running again");
        assert!(!directory.path().join("var/lib/kaudit/journal").exists());
    }
    unreachable!()
}

fn nothing(_: &mut Node) {}

fn enabled(node: &mut Node) {
    let plan = plan_enable(node);
    apply(node, &record_of(&plan, 1, "enable", "now".to_owned())).unwrap();
}

#[test]
fn enable_survives_a_fault_at_every_effect() {
    for fault in [Fault::Fails, Fault::DiesBefore, Fault::DiesAfter] {
        let effects = every_fault(fault, nothing, plan_enable);
        assert!(effects >= 12, "only {effects} effects were tried");
    }
}

#[test]
fn disable_survives_a_fault_at_every_effect() {
    for fault in [Fault::Fails, Fault::DiesBefore, Fault::DiesAfter] {
        let effects = every_fault(fault, enabled, plan_off);
        assert!(effects >= 10, "only {effects} effects were tried");
    }
}

fn kaudit(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaudit"));
    command.args(arguments).arg("--root").arg(root).stdout(Stdio::null()).stderr(Stdio::null()).env_clear();
    command
}

#[test]
fn a_killed_run_is_finished_or_undone_by_the_next() {
    let (reference, _) = sample_node();
    assert!(kaudit(reference.path(), &["enable"]).status().unwrap().success());
    let wanted = tree(reference.path());
    let mut killed_midway = 0;
    for step in 0..60_u64 {
        let (directory, _) = sample_node();
        let mut child = kaudit(directory.path(), &["enable"]).spawn().unwrap();
        sleep(Duration::from_micros(step * 400));
        child.kill().unwrap();
        child.wait().unwrap();
        killed_midway += usize::from(directory.path().join("var/lib/kaudit/journal").exists());
        assert!(
            kaudit(directory.path(), &["enable"]).status().unwrap().success(),
            "after a kill at step {step}"
        );
        assert_eq!(tree(directory.path()), wanted, "after a kill at step {step}");
        assert!(!directory.path().join("var/lib/kaudit/journal").exists());
        let names: Vec<String> = fs::read_dir(directory.path().join("etc/kubernetes/manifests"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["kube-apiserver.yaml"], "after a kill at step {step}");
    }
    eprintln!("{killed_midway} of 60 kills hit an unfinished change");
}

#[test]
fn a_second_run_is_kept_out() {
    let (directory, mut node) = sample_node();
    prepare(&mut node).unwrap();
    let lock = node.lock(Path::new(kaudit::transaction::LOCK_PATH), "now").unwrap();
    let status = kaudit(directory.path(), &["enable"]).status().unwrap();
    assert_eq!(status.code(), Some(6));
    assert_eq!(fs::read_to_string(directory.path().join(&MANIFEST[1..])).unwrap(), SAMPLE);
    drop(lock);
    assert!(kaudit(directory.path(), &["enable"]).status().unwrap().success());
}

#[test]
fn what_somebody_edited_after_a_death_needs_hands() {
    let (directory, mut node) = sample_node();
    let journal = directory.path().join("var/lib/kaudit/journal");
    let manifest = directory.path().join(&MANIFEST[1..]);
    prepare(&mut node).unwrap();
    let plan = plan_enable(&node);
    // The first crash after the policy was written and before the manifest was.
    let midway = (0..100).any(|remaining| {
        let mut effects = Faulty { node: node.clone(), fault: Fault::DiesBefore, remaining, dead: false };
        apply(&mut effects, &record_of(&plan, 1, "enable", "now".to_owned())).unwrap_err();
        directory.path().join("etc/kubernetes/audit/policy.yaml").exists()
    });
    assert!(midway && journal.exists());
    let edited = format!("{SAMPLE}# foreign edit\n");
    fs::write(&manifest, &edited).unwrap();
    assert_eq!(kaudit(directory.path(), &["enable"]).status().unwrap().code(), Some(5));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), edited, "a foreign edit is overwritten");
    assert!(journal.exists(), "the journal is gone");
    // After a manual restore of one of the two states, the next run continues.
    fs::write(&manifest, SAMPLE).unwrap();
    assert_eq!(kaudit(directory.path(), &["enable"]).status().unwrap().code(), Some(0));
    assert!(!journal.exists());
}
